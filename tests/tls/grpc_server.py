"""A gRPC server: grpc_server.py PORT [CERTIFICATES]. Prints its port.

The header x-what: echo, fail with details, slow, big (1 MB), trailers of 21 KB."""
import sys, threading
from concurrent import futures
import grpc


def details(context):
    context.set_trailing_metadata((("grpc-status-details-bin", b"\x08\x08\x12\x05wait!\xff"),))
    context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "too much: 100 % é")


def handle(request, context):
    method = dict(context.invocation_metadata()).get("x-what", "echo")
    if method == "fail":
        details(context)
    if method == "slow":
        threading.Event().wait(20)
    if method == "big":
        return b"x" * 1_000_000
    if method == "trailers":
        context.set_trailing_metadata((("x-long", "c" * 21_000),))
    return request


class Any(grpc.GenericRpcHandler):
    def service(self, call):
        return grpc.unary_unary_rpc_method_handler(handle) if call.method == "/t.T/Echo" else None


server = grpc.server(
    futures.ThreadPoolExecutor(4), (Any(),), compression=grpc.Compression.Gzip,
    options=(("grpc.so_reuseport", 0), ("grpc.max_receive_message_length", 64 << 20)))
address = f"127.0.0.1:{sys.argv[1]}"
if len(sys.argv) > 2:
    read = lambda name: open(f"{sys.argv[2]}/{name}", "rb").read()
    pair = (read("good.key"), read("good.pem"))
    port = server.add_secure_port(address, grpc.ssl_server_credentials((pair,)))
else:
    port = server.add_insecure_port(address)
server.start()
print(port, flush=True)
server.wait_for_termination()
