"""Looks at the web page of a running notestream as a reader would: in a headless Chromium, with a keyboard, at two widths and
in both colour schemes.

    page_test.py BASE_URL FOLDER [--token TOKEN]

The service must hold some notes. Writes page.png, page-dark.png and page-phone.png into FOLDER (failed.png too, where a
check failed) and prints one line of JSON: what was checked. Exit code 1 and a sentence where something is not as it should be.
"""

import argparse
import base64
import importlib.util
import json
import pathlib
import re
import sys
import time
import urllib.request

from selenium import webdriver
from selenium.common.exceptions import JavascriptException, StaleElementReferenceException, WebDriverException
from selenium.webdriver import Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

DESKTOP, PHONE = (1280, 900), (360, 780)
PATIENCE = 60  # seconds: the machine may be busy with other tests
# Where the wheel of axe-playwright-python keeps axe-core; Playwright itself is not needed.
AXE = pathlib.Path(importlib.util.find_spec("axe_playwright_python").origin).with_name("axe.min.js")


class Failure(Exception):
    """Something is not as it should be."""


class Service:
    """The API, asked beside the browser."""

    def __init__(self, base, token):
        self.base, self.token = base, token

    def ask(self, path, body=None):
        request = urllib.request.Request(self.base + path, data=body and json.dumps(body).encode())
        if body:
            request.add_header("Content-Type", "application/json")
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            return json.load(answer)

    def newest(self):
        return self.ask("/v1/notes?k=12")["notes"]


class Page:
    """The page in a browser."""

    def __init__(self, base):
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for argument in ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"]:
            options.add_argument(argument)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options, webdriver.ChromeService("/usr/bin/chromedriver"))
        self.base = base

    def show(self, size, scheme):
        width, height = size
        self.driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == PHONE})
        self.driver.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"features": [
                {"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": "reduce"}]})

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector):
        """What is read there, shown or not."""
        return self.driver.execute_script(
            "return [...document.querySelectorAll(arguments[0])].map(each => each.textContent).join('\\n')", selector)

    def wait(self, what, holds, seconds=PATIENCE):
        waiting = WebDriverWait(self.driver, seconds, 0.1, [StaleElementReferenceException, WebDriverException])
        try:
            return waiting.until(lambda _: holds())
        except WebDriverException:
            raise Failure(f"{what}: not within {seconds} s") from None

    def press(self, *keys):
        webdriver.ActionChains(self.driver).send_keys(*keys).perform()

    def tab_to(self, what, selector):
        """Goes there as one does without a pointer."""
        for _ in range(120):
            self.press(Keys.TAB)
            if self.driver.execute_script("return document.activeElement.matches(arguments[0])", selector):
                return self.driver.switch_to.active_element
        raise Failure(f"{what} cannot be reached with Tab")

    def is_open(self):
        return self.driver.execute_script("return document.getElementById('note').open")

    def errors(self):
        return [line["message"] for line in self.driver.get_log("browser") if line["level"] == "SEVERE"]

    def screenshot(self, path, whole=True):
        clip = self.driver.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
        answer = self.driver.execute_cdp_cmd(
            "Page.captureScreenshot",
            {"captureBeyondViewport": True, "clip": {**clip, "scale": 1}} if whole else {})
        path.write_bytes(base64.b64decode(answer["data"]))

    def axe(self, where):
        """Accessibility by axe-core: all rules for WCAG 2.2 A and AA, and good practice."""
        self.driver.execute_script("if (!window.axe) { " + AXE.read_text() + " }")
        found = self.driver.execute_async_script("""
            const done = arguments[0]
            axe.run(document, {resultTypes: ['violations']}).then(
                found => done({passes: found.passes.length, violations: found.violations}), error => done({error: String(error)}))""")
        if "error" in found:
            raise Failure(f"axe does not run on {where}: {found['error']}")
        if found["violations"]:
            raise Failure(f"axe, {where}: " + "; ".join(
                f"{rule['id']} ({rule['help']}) at " + ", ".join(str(node["target"]) for node in rule["nodes"][:4])
                for rule in found["violations"]))
        return found["passes"]


def expect(holds, what):
    if not holds:
        raise Failure(what)


# ── the checks, in the order of a visit ───────────────────────────────────────────────────────────────────────────────


def loads(page, service, found):
    page.show(DESKTOP, "light")
    page.driver.get(page.base + "/")
    if service.token:
        page.wait("the page asks for the token", lambda: page.find("#token").is_displayed())
        page.find("#token-field").send_keys(service.token + Keys.ENTER)
        expect(all("401" in error for error in page.errors()), "errors in the console before the token is given")
    page.wait("the stream opens", lambda: page.text("#state") == "Live")
    page.wait("the figures come", lambda: page.text("#ready").startswith("Ready"))
    page.wait("charts are drawn", lambda: page.driver.execute_script(
        "return document.querySelectorAll('.chart canvas').length") >= 3)
    page.wait("notes are listed", lambda: page.find("#list .title").text)
    page.wait("the map has a legend", lambda: page.find("#legend button").text)
    page.wait("model versions are listed", lambda: page.find("#versions summary").text)
    found["title"] = page.driver.title


def searches(page, service, found):
    wanted = service.newest()[-1]
    page.find("#query").send_keys(wanted["title"] + Keys.ENTER)
    page.wait(f"the search finds '{wanted['title']}'",
              lambda: page.text("#notes-title") == "Found" and wanted["title"] in page.text("#list .title").split("\n"))
    found["found"] = page.text("#notes-hint")
    page.find("#newest").click()
    page.wait("the newest come back", lambda: page.text("#notes-title") == "Newest notes" and page.find("#list .title").text)


def counts(page, service, found):
    """The figures move when something happens, and only the service makes them."""
    before = page.text("#figures dd").split("\n")
    living = int(before[-1].replace(",", ""))
    service.ask("/v1/notes", {"title": "Counting sheep", "content": "Does counting sheep help anybody to fall asleep?"})
    page.wait("the number of living notes grows", lambda: int(page.text("#figures dd:last-child").split("\n")[-1].replace(",", "")) > living)
    page.wait("other figures move too", lambda: sum(
        old != new for old, new in zip(before, page.text("#figures dd").split("\n"))) >= 2)
    found["figures"] = dict(zip(page.text("#figures dt").split("\n"), page.text("#figures dd").split("\n")))


def flows_in(page, service, found):
    """A note that somebody else posts appears without a reload, and whatever it holds stays text."""
    page.driver.execute_script("window.isTheSame = true")
    title = f"Bread <img src=x onerror=alert(1)> at {int(time.time())} & more"
    service.ask("/v1/notes", {"title": title, "content": "How long should a rye dough prove in a cold kitchen?"})
    page.wait("its list flows in", lambda: title in page.text("#feed .title"))
    page.wait("the note stands among the newest", lambda: title in page.text("#list .title"))
    expect(page.driver.execute_script("return window.isTheSame"), "the page was loaded anew")
    expect(not page.driver.execute_script("return document.querySelectorAll('main img').length"), "a note's text became markup")
    found["update"] = title


def takes_own_words(page, service, found):
    page.find("#note-title").send_keys("A camera for small concerts")
    page.find("#note-content").send_keys("Which lens is good for a dark stage with one lamp? Grain is fine, blur is not.")
    page.find("#post").click()
    page.wait("the stages are timed", lambda: len(page.driver.find_elements(By.CSS_SELECTOR, "#stages dd")) == 3)
    times = page.text("#stages dd").split("\n")
    expect(all(re.fullmatch(r"\d+ ms|\d+\.\d\d s", time) for time in times), f"the stages' times read {times}")
    expect(page.text("#outcome .related .title"), "no related notes came out")
    expect(page.text("#outcome .related .why"), "related notes come without a reason")
    expect(page.text("#outcome .category"), "no category came out")
    expect("#" in page.text("#outcome .tags"), "no hashtags came out")
    found["stages"] = dict(zip(page.text("#stages dt").split("\n"), times))


def works_by_keyboard(page, service, found):
    page.driver.execute_script("document.activeElement.blur(); window.scrollTo(0, 0)")
    button = page.tab_to("a note", "#list .title")
    title = button.text
    page.press(Keys.ENTER)
    page.wait("Enter opens the note", page.is_open)
    page.wait("related notes are shown", lambda: page.find("#related .title").text)
    expect(page.text("#note-heading") == title, f"'{page.text('#note-heading')}' was opened instead of '{title}'")
    page.tab_to("the switch for 'next'", "#next")
    page.press(Keys.SPACE)
    page.wait("the list is made anew", lambda: page.text("#related-status").startswith("Made anew"))
    page.press(Keys.ESCAPE)
    page.wait("Escape closes it", lambda: not page.is_open())
    expect(page.driver.switch_to.active_element == button, "the focus does not come back to the note")
    page.tab_to("the map", "#canvas")
    page.press(Keys.ARROW_RIGHT, Keys.ARROW_DOWN)
    page.wait("the arrows choose a point", lambda: page.text("#place"))
    chosen = page.text("#place")
    page.press(Keys.ENTER)
    page.wait("Enter opens the point's note", page.is_open)
    page.wait("and it is that point's", lambda: page.text("#note-heading") and chosen.startswith(page.text("#note-heading")))
    page.press(Keys.ESCAPE)
    found["keyboard"] = title


def is_accessible(page, service, found):
    found["axe"] = {}
    page.driver.execute_script("document.querySelector('#versions details').open = true; document.getElementById('samples').open = true")
    for scheme in ["light", "dark"]:
        for name, size in [("desktop", DESKTOP), ("phone", PHONE)]:
            page.show(size, scheme)
            time.sleep(1.5)  # charts are drawn anew with the next figures
            where = f"{name}, {scheme}"
            width = page.driver.execute_script("return document.documentElement.scrollWidth")
            expect(width <= size[0], f"{where}: the page is {width} pixels wide")
            rules = page.axe(where)
            page.driver.execute_script("document.querySelector('#list .title').click()")
            page.wait("the note opens", lambda: page.is_open() and page.find("#related .title").text)
            rules += page.axe(where + ", a note open")
            page.driver.execute_script("document.getElementById('close').click()")
            found["axe"][where] = rules
    page.driver.execute_script("document.querySelector('#versions details').open = false; document.getElementById('samples').open = false")


def pictures(page, folder):
    for name, size, scheme in [("page", DESKTOP, "light"), ("page-dark", DESKTOP, "dark"), ("page-phone", PHONE, "light")]:
        page.show(size, scheme)
        page.driver.execute_script("document.activeElement.blur(); window.scrollTo(0, 0)")
        time.sleep(1.5)
        page.screenshot(folder / f"{name}.png")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--token")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    base = arguments.base.rstrip("/")
    service, page, found = Service(base, arguments.token), Page(base), {}
    done = []
    try:
        for check in [loads, counts, flows_in, takes_own_words, searches, works_by_keyboard, is_accessible]:
            try:
                check(page, service, found)
                errors = page.errors()
                expect(not errors, f"errors in the console: {errors}")
            except (Failure, JavascriptException) as failure:
                page.screenshot(arguments.folder / "failed.png", whole=False)
                print(f"page_test: {check.__name__}: {failure}", file=sys.stderr)
                return 1
            done.append(check.__name__)
        pictures(page, arguments.folder)
    finally:
        page.driver.quit()
    print(json.dumps({"checked": done, **found}, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
