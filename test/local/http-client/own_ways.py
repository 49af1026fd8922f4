"""Sessions, adapters and hooks of a script's own."""

from typing import Any

from counted import say
from locust import HttpUser, events, task
from locust.clients import HttpSession, ResponseContextManager
from requests import Session
from requests.adapters import HTTPAdapter
from told import tell
from urllib3 import Retry


class SigningSession(HttpSession):
    """Signs what it sends."""

    def send(self, request: Any, **kwargs: Any) -> Any:
        request.headers["X-Signature"] = str(len(request.url))
        return super().send(request, **kwargs)


class OwnSessionUser(HttpUser):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        session = SigningSession(self.host, request_event=self.environment.events.request, user=self)
        self.client = session  # type: ignore[assignment]

    @task
    def visit(self) -> None:
        tell(self, self.client.get("/signed"))
        tell(self, self.client.post("/echo", json={"signed": True}))


class PlainSessionUser(HttpUser):
    """Asks by a session that Locust knows nothing of, too."""

    @task
    def visit(self) -> None:
        with Session() as session:
            tell(self, session.get(f"{self.host}/unseen", headers={"x-user": "PlainSessionUser"}))
        self.client.get("/seen")


class AdapterUser(HttpUser):
    def on_start(self) -> None:
        retry = Retry(total=2, backoff_factor=0, status_forcelist=[503], raise_on_status=False)
        self.client.mount("http://", HTTPAdapter(max_retries=retry, pool_maxsize=1))

    @task
    def visit(self) -> None:
        tell(self, self.client.get("/status/503", name="tried three times"))
        tell(self, self.client.get("/ok"))


class HookUser(HttpUser):
    @task
    def visit(self) -> None:
        tell(self, self.client.get("/ok", hooks={"response": self.see}, name="hook of a request"))
        self.client.hooks["response"].append(self.see)
        tell(self, self.client.get("/redirect/1", name="hook of the session"))
        self.client.hooks["response"].clear()
        tell(self, self.client.get("/ok"))

    def see(self, response: Any, **_: Any) -> None:
        say("hook", response.status_code, response.url)


class ProxyUser(HttpUser):
    @task
    def visit(self) -> None:
        self.client.get("/ok", proxies={"http": "http://127.0.0.1:1"}, name="a proxy that is not there")
        self.client.trust_env = False
        tell(self, self.client.get("/ok", verify=False, name="no look at the environment"))


@events.request.add_listener
def see(name: str, context: dict[str, Any], exception: Any, response: Any, **others: Any) -> None:
    """What listeners are told; times are another one each time."""
    told = {key: value for key, value in others.items() if key not in ("response_time", "start_time")}
    if context.get("told"):
        say(
            "event",
            name,
            context,
            exception,
            isinstance(response, ResponseContextManager),
            sorted(told),
            told["response_length"],
        )


class ListenedUser(HttpUser):
    def context(self) -> dict[str, Any]:
        return {"told": type(self).__name__}

    @task
    def visit(self) -> None:
        for path in ("/ok", "/status/404", "/redirect/1", "/gzip", "/stream", "/half"):
            self.client.get(path, name=f"event of {path}")
