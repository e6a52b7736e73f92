"""When a request goes out again, and after how long: a table."""

import time

import pytest
from hypothesis import given, strategies as st

from chatrepl.client.retrying import LONGEST, PATIENCE, backoff, long_wish, retry_delay
from chatrepl.errors import BrokenReply, ChatError, ConfigError, Refused, Unreachable

NOW = 1_445_412_480.0
"""2015-10-21 07:28:00 UTC."""


def refused(status: int, said: str = "no", code: str = "", **headers: str) -> Refused:
    return Refused(said, status=status, code=code, headers={k.replace("_", "-"): v for k, v in headers.items()})


DELAYS: dict[str, tuple[ChatError, float | None]] = {
    "a connection that may come about": (Unreachable("no", again=True), 0.5),
    "a certificate that will not change": (Unreachable("no"), None),
    "a reply that broke off": (BrokenReply("cut"), None),
    "a configuration that is wrong": (ConfigError("no"), None),
    **{f"status {status}": (refused(status), 0.5) for status in (408, 409, 429, 498, 500, 502, 503, 504, 529)},
    **{f"status {status}": (refused(status), None) for status in (200, 307, 400, 401, 402, 403, 404, 413, 422)},
    "milliseconds": (refused(429, retry_after_ms="1500"), 1.5),
    "milliseconds before seconds": (refused(429, retry_after_ms="20", retry_after="9"), 0.02),
    "seconds": (refused(429, retry_after="9"), 9.0),
    "seconds with a fraction": (refused(503, retry_after="0.25"), 0.25),
    "a date": (refused(429, retry_after="Wed, 21 Oct 2015 07:28:30 GMT"), 30.0),
    "a date without a zone": (refused(429, retry_after="Wed, 21 Oct 2015 07:28:30"), 30.0),
    "a date that is over": (refused(429, retry_after="Wed, 21 Oct 2015 07:00:00 GMT"), 0.0),
    "a date that is none": (refused(429, retry_after="soon"), 0.5),
    "a date out of all calendars": (refused(429, retry_after="Wed, 21 Oct 99999 07:00:00 GMT"), 0.5),
    "less than nothing": (refused(429, retry_after="-5"), 0.5),
    "no number": (refused(429, retry_after="inf"), 0.5),
    "as long as there is patience": (refused(429, retry_after="120"), PATIENCE),
    "longer": (refused(429, retry_after="121"), None),
    "Groq's words": (refused(429, "Rate limit reached. Please try again in 5.289s. Visit"), 5.289),
    "OpenAI's words": (refused(429, "Please try again in 20ms."), 0.02),
    "words without measure": (refused(429, f"Please try again in {'9' * 400}m1s."), None),
    "words with minutes": (refused(429, "Please try again in 1m30.5s."), 90.5),
    "Gemini's words": (refused(429, "You exceeded your current quota. Please retry in 36.4s."), 36.4),
    "a wish": (refused(400, x_should_retry="true"), 0.5),
    "what the model cannot take": (refused(500, "image input is not supported - hint: you need an mmproj"), None),
    "a wish against": (refused(500, x_should_retry="false"), None),
    "a quota": (refused(429, "You exceeded your current quota, please check your plan"), None),
    "a spend limit": (refused(429, "This workspace has reached its spend limit."), None),
    "a spend limit by its code": (refused(429, code="rate_limit_error enforced_spend_limit_reached"), None),
    "a quota by its code": (refused(429, code="insufficient_quota", retry_after="1"), None),
    "an empty balance": (refused(429, code="insufficient_balance"), None),
    "a load balancer": (refused(429, "The load balancer is at capacity"), 0.5),
    "a profile called after money": (Refused("budget-gpu answered 429", status=429, said=""), 0.5),
    "a profile called after a wait": (Refused("wait 9s answered 429", status=429, said="slow down"), 0.5),
    "an insufficient resource of the server": (refused(503, "busy", code="insufficient_system_resource"), 0.5),
}


@pytest.mark.parametrize("case", DELAYS)
def test_the_delay_is(case: str) -> None:
    error, delay = DELAYS[case]
    assert retry_delay(error, 0, lambda: 0.0, NOW) == delay


def test_a_wait_that_is_too_long_is_told() -> None:
    def told(seconds: float) -> str:
        return long_wish(refused(429, retry_after=str(seconds)), NOW)

    def clock(form: str, seconds: float) -> str:
        return time.strftime(form, time.localtime(NOW + seconds))

    assert told(PATIENCE) == ""
    assert long_wish(refused(429), NOW) == long_wish(BrokenReply("cut"), NOW) == ""
    assert told(600).startswith("The server asks to wait 10 minutes, until ")
    assert told(600).endswith(f"{clock('%H:%M', 600)}.")
    assert told(86_400) == f"The server asks to wait 24 hours, until {clock('%Y-%m-%d %H:%M', 86_400)}."
    assert told(1_000_000).startswith("The server asks to wait 12 days, until 2015-11-0")
    assert told(10**20) == "The server asks to wait for more than a year."


def test_without_a_word_of_the_server_it_doubles_up_to_a_bound() -> None:
    assert [backoff(attempt, lambda: 0.0) for attempt in range(6)] == [0.5, 1.0, 2.0, 4.0, 8.0, 8.0]
    assert backoff(0, lambda: 0.999) < 0.5


@given(
    st.integers(100, 599),
    st.text(max_size=30),
    st.dictionaries(st.sampled_from(["retry-after", "retry-after-ms", "x-should-retry"]), st.text(max_size=20)),
    st.integers(0, 40),
    st.floats(0, 1, exclude_max=True),
)
def test_whatever_a_server_says_the_delay_is_none_or_bearable(
    status: int, said: str, headers: dict[str, str], attempt: int, chance: float
) -> None:
    error = Refused(said, status=status, headers=headers)
    delay = retry_delay(error, attempt, lambda: chance, NOW)
    assert delay is None or 0 <= delay <= max(PATIENCE, LONGEST)
