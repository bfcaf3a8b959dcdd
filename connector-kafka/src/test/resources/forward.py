"""Carries TCP connections from one network namespace to another over a Unix socket, which both see.

forward.py listen SOCKET ADDRESS PORT   in the namespace of the server
forward.py connect SOCKET ADDRESS PORT  in the namespace of the clients
"""
import os
import socket
import sys
import threading


def copy(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        source.close()
        sink.close()


def serve(server, open_other):
    while True:
        one = server.accept()[0]
        other = open_other()
        threading.Thread(target=copy, args=(one, other), daemon=True).start()
        threading.Thread(target=copy, args=(other, one), daemon=True).start()


def main(side, path, address, port):
    tcp = (address, int(port))

    def unix():
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(path)
        return connection

    if side == "listen":
        server = socket.socket(socket.AF_UNIX)
        server.bind(path + ".new")
        server.listen()
        os.rename(path + ".new", path)
        print("ready", flush=True)
        serve(server, lambda: socket.create_connection(tcp))
    else:
        server = socket.create_server(tcp)
        print("ready", flush=True)
        serve(server, unix)


main(*sys.argv[1:])
