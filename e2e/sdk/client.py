"""Calls the platform through the `openai` package for Python: client.py COMMAND [ARGUMENT]. Address and keys come from
BASE_URL, API_KEY, READ_KEY and LIMITED_KEY; nothing else is set. client.js does the same for Node."""

import json
import os
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor

import openai
from openai import OpenAI

warnings.simplefilter("ignore", DeprecationWarning)
BASE_URL = os.environ["BASE_URL"]
client = OpenAI(base_url=BASE_URL, api_key=os.environ["API_KEY"])


def once(key):
    return OpenAI(base_url=BASE_URL, api_key=key, max_retries=0)


def walk(image):
    assert [model.id for model in client.models.list()] == ["sora-2", "sora-2-pro"]
    assert client.models.retrieve("sora-2").owned_by == "upstream"

    plain = client.videos.create(prompt="A paper boat", model="sora-2", seconds="8", size="720x1280")
    assert plain.status in ("queued", "in_progress"), plain
    assert (plain.object, plain.seconds, plain.size) == ("video", "8", "720x1280"), plain
    with open(image, "rb") as file:
        drawn = client.videos.create(prompt="A drawn boat", input_reference=file)

    done = client.videos.create_and_poll(prompt="A boat that arrives")
    assert done.status == "completed" and done.completed_at >= done.created_at, done
    assert client.videos.download_content(done.id).read()[4:8] == b"ftyp"
    still = client.videos.download_content(done.id, variant="thumbnail").read()
    assert still.startswith(b"\xff\xd8\xff")
    sheet = client.videos.download_content(done.id, variant="spritesheet").read()
    assert sheet.startswith(b"\xff\xd8\xff")

    failed = client.videos.create_and_poll(prompt="A boat [sim:refuse@40%]")
    assert (failed.status, failed.error.code) == ("failed", "refused"), failed

    remix = client.videos.remix(plain.id, prompt="A boat by night")
    assert (remix.remixed_from_video_id, remix.size, remix.prompt) == (plain.id, "720x1280", "A boat by night"), remix

    created = [video.id for video in (plain, drawn, done, failed, remix)]
    assert [video.id for video in client.videos.list(limit=2, order="asc")] == created
    for id in created:
        assert id == done.id or client.videos.delete(id).deleted
    fails(openai.NotFoundError, lambda: client.videos.retrieve(plain.id))
    print(done.id)


def fails(kind, call, **expected):
    try:
        call()
    except openai.APIStatusError as error:
        assert type(error) is kind, repr(error)
        found = {"status": error.status_code, "code": error.code, "param": error.param, "type": error.type}
        assert found | expected == found, f"{found} instead of {expected}"
        assert error.request_id
        return
    raise AssertionError("the call succeeded")


def errors():
    def create(**fields):
        return lambda: client.videos.create(**({"prompt": "A boat"} | fields))

    fails(openai.BadRequestError, create(seconds="20"), status=400, code="unsupported_parameter", param="seconds")
    fails(openai.BadRequestError, create(model="sora-9"), code="model_not_found", param="model")
    fails(openai.BadRequestError, create(prompt=""), code="blank", param="prompt", type="invalid_request_error")
    fails(openai.BadRequestError, create(extra_body={"colour": "blue"}), code="unknown_parameter", param="colour")
    fails(openai.AuthenticationError, once("sk-wrong").videos.list, status=401, code="invalid_api_key")
    reader = once(os.environ["READ_KEY"])
    refused = lambda: reader.videos.create(prompt="x")
    fails(openai.PermissionDeniedError, refused, status=403, code="insufficient_scope")
    fails(openai.NotFoundError, lambda: client.videos.retrieve("video_123"), status=404, code="not_found")
    fails(openai.NotFoundError, lambda: client.videos.download_content("video_123"))
    edit = lambda: client.post("/videos/edits", body={}, cast_to=object)
    fails(openai.NotFoundError, edit, code="unsupported_operation")
    waiting = create(prompt="A boat [sim:slow]")()
    fails(openai.BadRequestError, lambda: client.videos.download_content(waiting.id), code="wrong_state")
    client.videos.delete(waiting.id)

    limited = once(os.environ["LIMITED_KEY"])
    many = lambda: [limited.models.list() for _ in range(1_000)]
    fails(openai.RateLimitError, many, status=429, code="rate_limited", type="rate_limit_error")


def clicks(prompts):
    prompts = json.loads(prompts)
    with ThreadPoolExecutor(len(prompts)) as pool:
        videos = list(pool.map(lambda prompt: client.videos.create(prompt=prompt), prompts))
    assert len({video.id for video in videos}) == len(prompts)


def broken(id):
    call = lambda: once(os.environ["API_KEY"]).videos.download_content(id)
    fails(openai.InternalServerError, call, status=500, code="internal")


globals()[sys.argv[1]](*sys.argv[2:])
