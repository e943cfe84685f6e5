"""A server of FastMCP, without sessions, which answers with JSON."""

import socket

import uvicorn
from fastmcp import FastMCP
from values import add_tools

server = FastMCP("values")
add_tools(server)
app = server.http_app(stateless_http=True, json_response=True)

listener = socket.create_server(("127.0.0.1", 0))
print("listening on", listener.getsockname()[1], flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listener])
