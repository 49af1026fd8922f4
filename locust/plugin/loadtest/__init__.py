"""What is loaded into Locust before the script, in master and workers, here and in pods.

`python -P …/loadtest/__main__.py` loads it by its path, and its modules name each other by `.name` only. So its folder
is never on the path: no module of a script can stand in for one of these, nor one of these for a script's.
"""
