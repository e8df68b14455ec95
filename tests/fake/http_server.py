"""A web server that misbehaves on request. Serves one file; prints its port, then a line for every
request; ends when its stdin is closed."""
import http.server
import sys
import threading

CUT_BYTES = 120000
ENDED = threading.Event()

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

    def answer_range(self, most):
        """What was asked for, or that there is no more; broken off after `most` bytes."""
        asked = self.headers.get("Range", "bytes=0-")
        start = int(asked.removeprefix("bytes=").removesuffix("-"))
        if start >= len(BODY):
            return self.answer(416, b"no more", **{"Content-Range": f"bytes */{len(BODY)}"})
        rest = BODY[start:]
        span = f"bytes {start}-{len(BODY) - 1}/{len(BODY)}"
        status = 206 if "Range" in self.headers else 200
        self.answer(status, rest[:most], length=len(rest), **{"Content-Range": span})

    def do_GET(self):
        path = self.path.removeprefix("http://images.invalid")  # as a proxy is asked
        path = path.rsplit("/", 1)[0] or path
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
        elif path == "/redirect-range":
            self.answer(302, b"", Location="/range/arm64.qcow2")
        elif path == "/range":
            self.answer_range(len(BODY))
        elif path == "/range-only":
            self.answer_range(len(BODY)) if "Range" in self.headers else self.answer(500, b"")
        elif path == "/half-then-403":
            if "Range" in self.headers:
                self.answer(403, b"not any more")
            else:
                self.answer(200, BODY[: len(BODY) // 2], length=len(BODY))
        elif path == "/cut-range":
            self.answer_range(CUT_BYTES)
        elif path == "/wrong-range":  # the start of it, whatever is asked for
            if "Range" in self.headers:
                self.answer(206, BODY[:1000], **{"Content-Range": f"bytes 0-999/{len(BODY)}"})
            else:
                self.answer(200, BODY[:CUT_BYTES], length=len(BODY))
        elif path == "/stuck":
            self.send_response(200)
            self.send_header("Content-Length", str(len(BODY)))
            self.end_headers()
            self.wfile.write(BODY[: len(BODY) // 2])
            self.wfile.flush()
            ENDED.wait()
        else:
            self.answer(int(path[1:]), b"sorry")

    def log_message(self, format, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
ENDED.set()
