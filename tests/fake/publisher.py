"""A web server like those of publishers of images: it lists, moves and lies. Serves one image; prints
its port; ends when its stdin is closed."""
import hashlib
import http.server
import sys
import threading

with open(sys.argv[1], "rb") as file:
    IMAGE = file.read()
DIGEST = hashlib.sha256(IMAGE).hexdigest()
NAMES = [f"img-{version}-{arch}.qcow2" for version in ("1.9", "1.10", "1.10.1-2", "1.2")
         for arch in ("aarch64", "x86_64")]
SUMS = "".join(f"{DIGEST}  {name}\n" for name in NAMES)
INDEX = "<html>" + "".join(f'<a href="{name}">{name}</a> <a href="{name}.sha256">x</a>\n' for name in NAMES)
TEXTS = {
    "/index/": INDEX,
    "/releases.json": '{"releases": ["7.1-RELEASE", "7.12-RELEASE", "7.13-BETA", "8.0-RELEASE"]}',
    "/ahead/": INDEX + '<a href="img-1.11-aarch64.qcow2"> <a href="img-1.11-x86_64.qcow2">',
    "/hostile/": "img-../../x-aarch64.qcow2 img-1;rm-aarch64.qcow2 img-" + "1" * 5000 + "-aarch64.qcow2",
    "/page/": "<html>Sign in to this network</html>",
    "/huge/": "x" * (2 << 20),
    "/elsewhere/": '<a href="http://198.51.100.9/img-9.9-aarch64.qcow2">the newest</a> ' + INDEX,
    "/other/SHA256SUMS": f"{DIGEST}  another.qcow2\n{DIGEST[::-1]}  third.qcow2\n",
}
FLOOD_MIB = 50


class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def flood(self):
        """An answer without a length and, nearly, without an end."""
        self.send_response(200)
        self.end_headers()
        sent = 0
        try:
            while sent < FLOOD_MIB and self.command == "GET":
                self.wfile.write(b"img-1.9-x" * (1 << 17))
                sent += 1
        except OSError:
            pass
        print("FLOODED" if sent == FLOOD_MIB else "CUT", self.path, file=sys.stderr, flush=True)

    def do_GET(self):
        folder, _, name = self.path.rpartition("/")
        if self.path.startswith("/moved/"):
            self.answer(302, Location=self.path.removeprefix("/moved"))
        elif self.path == "/escape/":
            self.answer(302, Location="file://" + sys.argv[1])
        elif self.path == "/flood/":
            self.flood()
        elif self.path in TEXTS:
            self.answer(200, TEXTS[self.path].encode())
        elif name == "SHA256SUMS":
            self.answer(200, SUMS.encode())
        elif folder == "/nohead" and self.command == "HEAD":
            self.answer(405)
        elif folder == "/small":
            self.answer(200, b"<html>Sign in to this network</html>")
        elif name in NAMES or name == "all-7.12.qcow2":
            print(self.command, self.path, file=sys.stderr, flush=True)
            self.answer(200, IMAGE)
        else:
            self.answer(404)

    do_HEAD = do_GET

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_port, flush=True)
sys.stdin.read()
