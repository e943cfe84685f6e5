"""A service that speaks Envoy's rate-limit protocol, for tests: with Google's gRPC and the messages as Envoy publishes them.

    python service.py [PORT]

It prints its port (default: a free one), then each request as a line of JSON. Like Envoy's reference service, it counts by the
`limit` and the `hits_addend` of a descriptor, adds before it compares, and returns the status of each descriptor. Its windows
begin with the first call, so that no test depends on the time of day. Counters whose names are in `MISCHIEF` fail in that way.
"""

import json
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import grpc
from envoy.service.ratelimit.v3.rls_pb2 import RateLimitRequest, RateLimitResponse
from google.protobuf.json_format import MessageToDict

SECONDS = {1: 1, 2: 60, 3: 3600, 4: 86400}
OK, OVER_LIMIT = RateLimitResponse.OK, RateLimitResponse.OVER_LIMIT

lock = threading.Lock()
windows = {}


def count(request: RateLimitRequest) -> RateLimitResponse:
    """Charges every descriptor, and says which have gone over their limits."""
    response = RateLimitResponse(overall_code=OK)
    for descriptor in request.descriptors:
        limit = descriptor.limit
        length = SECONDS[limit.unit]
        entries = tuple((entry.key, entry.value) for entry in descriptor.entries)
        hits = descriptor.hits_addend.value if descriptor.HasField("hits_addend") else request.hits_addend
        now = time.time()
        key = (request.domain, entries, length)
        ends, used = windows.get(key, (0, 0))
        if ends <= now:
            ends, used = now + length, 0
        used += hits
        windows[key] = (ends, used)
        status = response.statuses.add(code=OK if used <= limit.requests_per_unit else OVER_LIMIT)
        status.current_limit.requests_per_unit = limit.requests_per_unit
        status.current_limit.unit = limit.unit
        status.limit_remaining = max(0, limit.requests_per_unit - used)
        status.duration_until_reset.FromNanoseconds(int((ends - now) * 1e9))
        if status.code == OVER_LIMIT:
            response.overall_code = OVER_LIMIT
    return response


def slow(request: RateLimitRequest, _context: grpc.ServicerContext) -> RateLimitResponse:
    time.sleep(3)
    with lock:
        return count(request)


def late(request: RateLimitRequest, _context: grpc.ServicerContext) -> RateLimitResponse:
    time.sleep(0.4)
    with lock:
        return count(request)


def silent(request: RateLimitRequest, _context: grpc.ServicerContext) -> RateLimitResponse:
    """Counts, and returns the overall code only, as Limitador does."""
    with lock:
        return RateLimitResponse(overall_code=count(request).overall_code)


MISCHIEF = {
    "garbage": lambda _request, _context: b"\xff\xff\xff",
    "nothing": lambda _request, _context: b"",
    "unknown": lambda _request, _context: RateLimitResponse(overall_code=RateLimitResponse.UNKNOWN),
    "failing": lambda _request, context: context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "no"),
    "slow": slow,
    "late": late,
    "silent": silent,
}


def should_rate_limit(request: RateLimitRequest, context: grpc.ServicerContext) -> RateLimitResponse | bytes:
    with lock:
        print(json.dumps(MessageToDict(request, preserving_proto_field_name=True)), flush=True)
    entries = (entry for descriptor in request.descriptors for entry in descriptor.entries)
    for counter in (entry.value for entry in entries if entry.key == "counter"):
        if counter in MISCHIEF:
            return MISCHIEF[counter](request, context)
    with lock:
        return count(request)


def main(port: str = "0") -> None:
    server = grpc.server(ThreadPoolExecutor(64))
    handler = grpc.unary_unary_rpc_method_handler(
        should_rate_limit,
        request_deserializer=RateLimitRequest.FromString,
        response_serializer=lambda answer: answer if isinstance(answer, bytes) else answer.SerializeToString(),
    )
    service = "envoy.service.ratelimit.v3.RateLimitService"
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(service, {"ShouldRateLimit": handler})])
    number = server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    print(number, flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main(*sys.argv[1:])
