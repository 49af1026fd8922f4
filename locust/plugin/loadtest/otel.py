"""OpenTelemetry where `--otel` is on, and never loaded elsewhere: what Locust's own part of it leaves out.

Locust makes spans of HttpUser's requests alone. Here FastHttpUser's get them too, in the same form, and carry the
header `traceparent` to the target. What is not set in the environment is set for a load test: traces and nothing else,
over HTTP, and no long wait at the end for a collector that does not answer.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from functools import lru_cache, wraps
from typing import Any
from urllib.parse import urlsplit

from locust.contrib import fasthttp

try:
    import opentelemetry.exporter.otlp.proto.http
    import opentelemetry.instrumentation.requests
    import opentelemetry.sdk.trace  # noqa: F401 -- that they are there
    from opentelemetry import trace
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
except ImportError:
    sys.exit(
        "otelEndpoint needs OpenTelemetry's packages, which are not here: take the image locustio/locust-otel, "
        "or put locust[otel] into the requirements.txt of your own"
    )

_DEFAULTS = {
    # gRPC's own threads know nothing of gevent.
    "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
    # Empty, as Locust's "none" would still count each request. Metrics and logs leave in other ways.
    "OTEL_METRICS_EXPORTER": "",
    "OTEL_LOGS_EXPORTER": "",
    # The stable names of attributes, as the spans below have them.
    "OTEL_SEMCONV_STABILITY_OPT_IN": "http",
    # All users stand still while a batch is encoded: some 40 µs for each of its spans.
    "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "256",
    # A process that ends waits for the batch that is on its way and all that are queued, 2 s each: 10 s at most.
    "OTEL_BSP_MAX_QUEUE_SIZE": "1024",
    "OTEL_EXPORTER_OTLP_TIMEOUT": "2",
    "OTEL_BSP_SCHEDULE_DELAY": "1000",
}

_FIRST_ERROR = 400
"""Of HTTP's status codes."""

_tracer = trace.get_tracer("loadtest.fasthttp")
_inject = TraceContextTextMapPropagator().inject
_request = fasthttp.FastHttpSession.request


def install() -> None:
    """Prepares what Locust sets up later, once."""
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
    fasthttp.FastHttpSession.request = _traced


@wraps(_request)
def _traced(  # noqa: PLR0913, PLR0917 -- Locust's own
    self: Any,
    method: str,
    url: str,
    name: str | None = None,
    data: Any = None,
    catch_response: bool = False,
    stream: bool = False,
    headers: dict[str, str] | None = None,
    *args: Any,
    **kwargs: Any,
) -> Any:
    """A request with a span until its answer is there, of which the target is told."""
    title = name or self.request_name or urlsplit(url).path or "/"
    span = _tracer.start_span(f"{method} {title}", kind=trace.SpanKind.CLIENT)
    # A script may have one dict for all its requests.
    headers = dict(headers) if headers else {}
    _inject(headers, trace.set_span_in_context(span))
    try:
        response = _request(self, method, url, name, data, catch_response, stream, headers, *args, **kwargs)
        if span.is_recording():
            with suppress(ValueError):  # of a URL that nothing can be asked by: Locust has counted it
                _describe(span, method, self._build_url(url), response)
    except BaseException as error:  # a user that is stopped while it waits, too
        _fail(span, type(error).__name__)
        raise
    finally:
        span.end()
    return response


def _describe(span: Any, method: str, url: str, response: Any) -> None:
    host, port = _server(url)
    span.set_attributes({"http.request.method": method, "url.full": url, "server.address": host, "server.port": port})
    status = getattr(response, "status_code", None)
    if not status:
        _fail(span, type(getattr(response, "error", None)).__name__)
        return
    span.set_attribute("http.response.status_code", status)
    if status >= _FIRST_ERROR:
        _fail(span, str(status))


def _fail(span: Any, kind: str) -> None:
    span.set_attribute("error.type", kind)
    span.set_status(trace.StatusCode.ERROR)


@lru_cache(maxsize=2048)
def _server(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
