"""A front before a job queue: it speaks TLS if it has a certificate, notes what pilots tell the queue, says
commands to them that the queue itself does not have, and gives them new tokens."""

import argparse
import gzip
import http.client
import http.server
import json
import pathlib
import socket
import ssl
import threading
import urllib.parse

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("queue", help="address of the queue")
parser.add_argument("notes", type=pathlib.Path, help="file for updates, a JSON object per line")
parser.add_argument("commands", type=pathlib.Path, help="file with commands by number of the job, JSON")
parser.add_argument("--certificates", type=pathlib.Path, help="folder with host.pem, host.key and ca.pem")
args = parser.parse_args()
queue = urllib.parse.urlsplit(args.queue)
noting = threading.Lock()

tls = None
if args.certificates:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(args.certificates / "host.pem", args.certificates / "host.key")
    tls.load_verify_locations(args.certificates / "ca.pem")
    tls.verify_mode = ssl.CERT_REQUIRED
    tls.verify_flags |= ssl.VERIFY_ALLOW_PROXY_CERTS


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def forward(self):
        if self.path.startswith("/api/v1/creds/get_access_token?"):
            return self.answer(200, b'{"success": true, "message": "", "data": {"StatusCode": 0, "user_proxy": "new"}}')
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        passed = [name for name in ("Content-Type", "Content-Encoding", "Accept") if name in self.headers]
        headers = {name: self.headers[name] for name in passed}
        line = http.client.HTTPConnection(queue.hostname, queue.port, timeout=60)
        line.request(self.command, self.path, body, headers)
        answer = line.getresponse()
        said = answer.read()
        line.close()
        if self.path == "/api/v1/pilot/update_jobs_bulk":
            said = self.commanded(body, said)
        self.answer(answer.status, said)

    def answer(self, status, said):
        self.send_response(status)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    do_GET = do_POST = forward

    def commanded(self, body, said):
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        updates, answers = json.loads(body)["job_list"], json.loads(said)
        commands = json.loads(args.commands.read_text()) if args.commands.exists() else {}
        peer = self.connection.getpeercert()["subject"] if tls else None
        with noting, args.notes.open("a") as notes:
            for update, answer in zip(updates, answers["data"]):
                command = commands.get(str(update["job_id"]))
                if command and update["job_status"] in ("starting", "running"):
                    answer["data"]["command"] = command
                print(json.dumps({**update, "command": command, "peer": peer}), file=notes)
        return json.dumps(answers).encode()

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    def finish_request(self, request, address):
        if tls:
            request = tls.wrap_socket(request, server_side=True, do_handshake_on_connect=False)
            try:
                request.do_handshake()
            except ssl.SSLError:
                # Like servers that let the other side hear why, before the line is cut.
                socket.socket.shutdown(request, socket.SHUT_WR)
                request.settimeout(10)
                while socket.socket.recv(request, 4096):
                    pass
                request.close()
                return
        super().finish_request(request, address)

    def handle_error(self, request, address):
        pass


server = Server(("127.0.0.1", 0), Handler)
print(f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
