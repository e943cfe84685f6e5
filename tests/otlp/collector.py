"""An OpenTelemetry collector of logs, for tests: with Google's gRPC and the messages as OpenTelemetry publishes them.

    python collector.py

It prints its port, then each log record as a line of JSON.
"""

import json
from concurrent.futures import ThreadPoolExecutor

import grpc
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse


def entries(message, number: int):
    """The messages in a field: its name depends on the version of the protocol that `xds-protos` has, its number does not."""
    return getattr(message, message.DESCRIPTOR.fields_by_number[number].name)


def export(request: ExportLogsServiceRequest, _context: grpc.ServicerContext) -> ExportLogsServiceResponse:
    for resource in request.resource_logs:
        # `scope_logs`, and their `log_records`.
        for scope in entries(resource, 2):
            for record in entries(scope, 2):
                print(json.dumps(MessageToDict(record) | {"resource": MessageToDict(resource.resource)}), flush=True)
    return ExportLogsServiceResponse()


def main() -> None:
    # One thread, so that lines are whole.
    server = grpc.server(ThreadPoolExecutor(1))
    handler = grpc.unary_unary_rpc_method_handler(
        export,
        request_deserializer=ExportLogsServiceRequest.FromString,
        response_serializer=ExportLogsServiceResponse.SerializeToString,
    )
    service = "opentelemetry.proto.collector.logs.v1.LogsService"
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(service, {"Export": handler})])
    number = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(number, flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main()
