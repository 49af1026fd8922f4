"""The target: nginx with one process, on port 8000 and with TLS on port 8443; this shows its CPU on port 8001."""

from __future__ import annotations

import json
import os
import subprocess
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import bench_usage

_FOLDER = Path("/tmp/target")

_CONFIG = """
daemon off; worker_processes 1; pid /tmp/target/pid; error_log /dev/stderr warn;
load_module /usr/lib/nginx/modules/ngx_http_echo_module.so;
events { worker_connections 19000; }
http {
  access_log off; tcp_nodelay on; keepalive_timeout 3600s; keepalive_requests 1000000000;
  client_body_temp_path /tmp/target/body; proxy_temp_path /tmp/target/proxy; fastcgi_temp_path /tmp/target/fastcgi;
  uwsgi_temp_path /tmp/target/uwsgi; scgi_temp_path /tmp/target/scgi;
  server {
    listen 8000 backlog=8192; listen 8443 ssl backlog=8192;
    ssl_certificate /tmp/target/cert.pem; ssl_certificate_key /tmp/target/key.pem;
    default_type text/plain;
    location = / { return 200 "hello"; }
    location = /wait { echo_sleep 0.02; echo_exec @hello; }
    location @hello { return 200 "hello"; }
    location = /cert.pem { root /tmp/target; }
  }
}
"""


class Usage(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = json.dumps(bench_usage.usage()).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def main() -> None:
    _FOLDER.mkdir(parents=True, exist_ok=True)
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", str(_FOLDER / "key.pem")]
    name = ["-subj", "/CN=target", "-addext", f"subjectAltName=IP:{os.environ['POD_IP']}"]
    out = ["-days", "30", "-out", str(_FOLDER / "cert.pem")]
    subprocess.run(["openssl", "req", "-x509", *key, *name, *out], check=True, stderr=subprocess.DEVNULL)
    (_FOLDER / "nginx.conf").write_text(_CONFIG)
    subprocess.Popen(["/usr/sbin/nginx", "-e", "/dev/stderr", "-c", str(_FOLDER / "nginx.conf")])
    HTTPServer(("", 8001), Usage).serve_forever()


if __name__ == "__main__":
    main()
