import { expect } from "chai";
import { sharesOf } from "../../bench/cluster/stacks";

describe("stacks of py-spy", () => {
  it("go to the package of their innermost frame", () => {
    const stacks = [
      "run (locust/user/users.py:1);get (requests/sessions.py:2);parse_headers (/usr/lib/python3.11/http/client.py:3) 4",
      "run (locust/user/users.py:1);send (/loadtest/locust/plugin/loadtest/httpcore.py:2) 2",
      "run (locust/user/users.py:1);log_request (/gevent/lib/python3.11/site-packages/locust/stats.py:2) 3",
      "run (gevent/hub.py:647) 1",
      "worker (gevent/threadpool.py:1);acquire_with_timeout (gevent/_threading.py:36) 50",
      "",
    ].join("\n");
    expect(sharesOf(stacks)).to.deep.equal({
      samples: 10,
      shares: {
        "urllib3 and http.client": 0.4,
        "Locust: statistics and events": 0.3,
        "this project's plugin": 0.2,
        "sockets and gevent's loop": 0.1,
      },
    });
  });
});
