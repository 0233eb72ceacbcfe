"""Chromium without a window, driven through its pipe: pages are opened, asked, and photographed.

    with Chromium() as browser:
        page = browser.open(path, dark=True, size=(1200, 800))
        page.ask("document.title"); page.photograph(path)
"""

import base64
import fcntl
import json
import os
import shutil
import subprocess
import tempfile

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


def find():
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


class Chromium:
    def __enter__(self):
        self.profile = tempfile.TemporaryDirectory(prefix="meld-chromium-", ignore_cleanup_errors=True)
        self.last, self.events = 0, []
        to_read, self.to = self.pipe()
        self.out, to_write = self.pipe()
        self.process = subprocess.Popen(
            [find(), "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe", "--no-first-run",
             "--disable-background-networking", f"--user-data-dir={self.profile.name}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, pass_fds=(3, 4),
            preexec_fn=lambda: (os.dup2(to_read, 3), os.dup2(to_write, 4)))
        os.close(to_read)
        os.close(to_write)
        self.answers = os.fdopen(self.out, "rb")
        return self

    @staticmethod
    def pipe():
        """Above the two that the browser takes for itself."""
        ends = os.pipe()
        high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 20) for end in ends]
        for end in ends:
            os.close(end)
        return high

    def __exit__(self, *_):
        try:
            self.call("Browser.close")
        except (EOFError, OSError):
            pass
        os.close(self.to)
        self.process.wait(timeout=30)
        self.answers.close()
        self.profile.cleanup()

    def read(self):
        """The next message, which ends with a zero."""
        data = bytearray()
        while (byte := self.answers.read(1)) != b"\0":
            if not byte:
                raise EOFError("Chromium has ended")
            data += byte
        return json.loads(data)

    def call(self, method, session=None, **parameters):
        self.last += 1
        message = {"id": self.last, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.to, data):]
        while (answer := self.read()).get("id") != self.last:
            self.events.append(answer)
        if "error" in answer:
            raise AssertionError(f"{method}: {answer['error']}")
        return answer["result"]

    def open(self, path, dark=False, size=(1280, 900)):
        return Page(self, path, dark, size)


class Page:
    def __init__(self, browser, path, dark, size):
        self.browser = browser
        browser.events.clear()
        self.target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = browser.call("Target.attachToTarget", targetId=self.target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        self.call("Emulation.setDeviceMetricsOverride", width=size[0], height=size[1], deviceScaleFactor=1, mobile=False)
        self.call("Page.navigate", url=path.resolve().as_uri())
        while not any(event["method"] == "Page.loadEventFired" for event in browser.events):
            browser.events.append(browser.read())

    def call(self, method, **parameters):
        return self.browser.call(method, self.session, **parameters)

    def ask(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"])
        return answer["result"].get("value")

    def settle(self):
        """Until what follows a change of sizes has been done."""
        self.ask("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")

    def methods(self, *wanted):
        return [event["params"] for event in self.browser.events if event["method"] in wanted]

    def complaints(self):
        """What stands in the console, and dialogs."""
        return self.methods("Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded",
                            "Page.javascriptDialogOpening")

    def requests(self):
        return [event["request"]["url"] for event in self.methods("Network.requestWillBeSent")]

    def photograph(self, path):
        height = self.ask("document.documentElement.scrollHeight")
        width = self.ask("innerWidth")
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=True,
                         clip={"x": 0, "y": 0, "width": width, "height": min(height, 3000), "scale": 1})
        path.write_bytes(base64.b64decode(shot["data"]))

    def close(self):
        self.browser.call("Target.closeTarget", targetId=self.target)
