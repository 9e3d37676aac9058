"""A program that speaks as llama.cpp's server does, without a model: it answers with the tokens it was asked about.

It says once that it is loading. Asked about REFUSED it refuses, asked about FATAL it dies as a program does whose
memory is used up; with weights named ``broken`` it does not start.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

REFUSED, FATAL = 400, 666
EXIT_OUT_OF_MEMORY = 3


class FakeLlama(BaseHTTPRequestHandler):
    """``GET /health`` and ``POST /completion``."""

    is_loading = True

    def do_GET(self) -> None:
        """Loading when asked for the first time, ready from then on."""
        loading, FakeLlama.is_loading = FakeLlama.is_loading, False
        self._say(503 if loading or self.path != "/health" else 200, {"status": "ok"})

    def do_POST(self) -> None:
        """The prompt's tokens as text, as many as were asked for."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        tokens = asked["prompt"][: asked["n_predict"]]
        if FATAL in tokens:
            sys.stderr.write("failed to allocate the KV cache\n")
            sys.stderr.flush()
            os._exit(EXIT_OUT_OF_MEMORY)
        if REFUSED in tokens:
            self._say(400, {"error": {"message": "exceeds the context"}})
        else:
            self._say(200, {"content": " ".join(map(str, tokens)), "tokens_predicted": len(tokens)})

    def log_message(self, *_: object) -> None:
        """Nothing."""

    def _say(self, status: int, body: object) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", type=Path)
    parser.add_argument("--host")
    parser.add_argument("--port", type=int)
    options, _ = parser.parse_known_args()
    if options.model.read_text() == "broken":
        sys.exit("failed to load the model")
    ThreadingHTTPServer((options.host, options.port), FakeLlama).serve_forever()
