"""A web server that misbehaves on request. Serves one file; prints its port, then a line for every
request; ends when its stdin is closed."""
import http.server
import sys
import threading

with open(sys.argv[1], "rb") as file:
    BODY = file.read()


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, status, body, length=None, **headers):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def do_GET(self):
        path = self.path.rsplit("/", 1)[0] or self.path
        if path == "/redirect":
            self.answer(302, b"", Location="/file/arm64.qcow2")
        elif path == "/loop":
            self.answer(302, b"", Location=self.path)
        elif path == "/elsewhere":
            self.answer(302, b"", Location="file:///etc/passwd")
        elif path == "/short":
            self.answer(200, BODY[: len(BODY) // 2], length=len(BODY))
        elif path == "/page":
            self.answer(200, b"<html>Sign in to this network</html>")
        elif path == "/file":
            self.answer(200, BODY)
        else:
            self.answer(int(path[1:]), b"sorry")

    def log_message(self, format, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
