"""A web server for images that answers none of the first three requests before all three are there:
lab_downloads.py IMAGE HOLD. Prints its port; a line for each request that came; and at the end of
its stdin how many were under way at the same time at most. While the file HOLD is there, what is
asked for is begun and never ended; "/missing" is refused then."""
import http.server
import os
import sys
import threading
import time

IMAGE, HOLD = sys.argv[1:3]
PATIENCE_S = 120
changed = threading.Condition()
arrived = under_way = most = 0

with open(IMAGE, "rb") as image:
    BODY = image.read()


class Handler(http.server.BaseHTTPRequestHandler):
    def head(self, status, length):
        self.send_response(status)
        self.send_header("Content-Length", str(length))
        self.end_headers()

    def serve(self):
        with changed:
            if not changed.wait_for(lambda: arrived >= 3, PATIENCE_S):
                return self.head(503, 0)
        if "missing" in self.path:
            return self.head(404, 0)
        self.head(200, len(BODY))
        self.wfile.write(BODY[:1000])
        self.wfile.flush()
        until = time.monotonic() + PATIENCE_S
        while os.path.exists(HOLD) and time.monotonic() < until:
            time.sleep(0.02)
        return self.wfile.write(BODY[1000:])

    def do_GET(self):
        global arrived, under_way, most
        with changed:
            arrived += 1
            under_way += 1
            most = max(most, under_way)
            print("came", self.path, flush=True)
            changed.notify_all()
        try:
            self.serve()
        except ConnectionError:  # who asked has ended
            pass
        with changed:
            under_way -= 1

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
print(server.server_port, flush=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
sys.stdin.read()
print("most", most, flush=True)
