"""What waits in the queue, done now and in this thread, as the worker does it."""


def work_off(app) -> int:
    """Do everything that waits; returns how much it was."""
    queue, count = app.extensions["queue"], 0
    while task := queue.dequeue():
        queue.execute(task)
        count += 1
    return count
