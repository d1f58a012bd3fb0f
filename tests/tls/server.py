"""An HTTPS server: server.py DIRECTORY CERTIFICATE [mutual] [1.2] [once] [ragged] [stall]

Prints its port. Answers every POST with what it was sent, and with who sent it."""
import socket, ssl, sys, threading

directory, name, *modes = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(f"{directory}/{name}.pem", f"{directory}/{name}.key")
if "mutual" in modes:
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(f"{directory}/ca.pem")
if "1.2" in modes:
    context.maximum_version = ssl.TLSVersion.TLSv1_2


def serve(raw):
    if "stall" in modes:
        raw.recv(10000)
        raw.send(b"\x16\x03\x03")  # the start of a record, and no more
        raw.recv(1)
        return
    if "plain" in modes:
        raw.recv(10000)
        raw.send(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        return
    try:
        connection = context.wrap_socket(raw, server_side=True)
        stream = connection.makefile("rb")
        count = 0
        while line := stream.readline():
            length = 0
            while (header := stream.readline().strip()):
                if header.lower().startswith(b"content-length:"):
                    length = int(header.split(b":")[1])
            body = stream.read(length)
            count += 1
            peer = connection.getpeercert() or {}
            who = peer["subject"][0][0][1] if peer else "-"
            said = f"{connection.version()} {who} {count} {len(body)} ".encode() + body[-5:]
            head = b"HTTP/1.1 200 OK\r\n"
            if "ragged" in modes:  # without a length, and closed without the end of TLS
                connection.sendall(head + b"\r\n" + said)
                raw = socket.socket(fileno=connection.detach())
                raw.close()
                return
            if "half" in modes:  # the end of TLS, and of this side
                connection.sendall(head + b"\r\n" + said)
                connection.unwrap()
                connection.close()
                return
            connection.sendall(head + b"Content-Length: %d\r\n\r\n" % len(said) + said)
            if "once" in modes:
                connection.close()
                return
    except (ssl.SSLError, OSError) as error:
        print(error, file=sys.stderr)
    finally:
        raw.close()


listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    peer, _ = listener.accept()
    threading.Thread(target=serve, args=(peer,), daemon=True).start()
