"""A visit to a shop: log in once, then browse, look at products and buy, each as often as its weight says.

The token of the login goes with every request as a header. `name=` puts all products into one row of the results.
A user who cannot log in stops with a message: its requests would only fail.
"""

import logging
import random

from locust import FastHttpUser, between, task
from locust.exception import StopUser


class ShopUser(FastHttpUser):
    wait_time = between(1, 3)

    def on_start(self) -> None:
        with self.client.post("/login", json={"username": "demo", "password": "demo"}, catch_response=True) as response:
            if response.status_code != 200:
                response.failure(f"login failed with status {response.status_code}")
                logging.error("A user stops: POST /login answered %s", response.status_code)
                raise StopUser
            self.headers = {"Authorization": f"Bearer {response.json()['token']}"}

    @task(6)
    def browse(self) -> None:
        self.client.get("/products", headers=self.headers)

    @task(3)
    def look(self) -> None:
        self.client.get(f"/products/{random.randint(1, 20)}", name="/products/[id]", headers=self.headers)

    @task(1)
    def buy(self) -> None:
        product = {"product": random.randint(1, 20), "quantity": 1}
        self.client.post("/cart", json=product, headers=self.headers)
