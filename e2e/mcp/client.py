"""Calls the tools through the official package for Python, `mcp`: version 2 speaks the newest revision of the protocol, version
1 the ones before. client.js does the same for TypeScript. Address and key come from BASE_URL and API_KEY."""

import asyncio
import importlib.metadata
import os
import urllib.request
from contextlib import asynccontextmanager

URL = os.environ["BASE_URL"] + "/mcp"
HEADERS = {"Authorization": f"Bearer {os.environ['API_KEY']}"}
NEWEST = importlib.metadata.version("mcp").startswith("2.")


@asynccontextmanager
async def connect():
    if NEWEST:
        from mcp import Client
        from mcp.client.streamable_http import create_mcp_http_client, streamable_http_client

        async with create_mcp_http_client(headers=HEADERS) as http:
            async with Client(streamable_http_client(URL, http_client=http), mode="2026-07-28") as client:
                yield client
    else:
        from mcp import ClientSession
        from mcp.client.streamable_http import streamablehttp_client

        async with streamablehttp_client(URL, headers=HEADERS) as (read, write, _):
            async with ClientSession(read, write) as session:
                await session.initialize()
                yield session


def members(result):
    """Returns the structured result and the contents, whose names differ between the versions."""
    if NEWEST:
        return result.structured_content, result.content, result.is_error
    return result.structuredContent, result.content, result.isError


async def main():
    async with connect() as client:

        async def tool(name, arguments, **options):
            structured, content, is_error = members(await client.call_tool(name, arguments, **options))
            assert not is_error, content
            return structured, content

        tools = [tool.name for tool in (await client.list_tools()).tools]
        expected = ["list_models", "generate_video", "get_video", "wait_for_video", "list_videos", "cancel_video"]
        assert tools == expected, tools

        models, _ = await tool("list_models", {})
        assert models["defaults"]["seconds"] == 10, models
        generated, _ = await tool("generate_video", {"prompt": "A paper boat"})
        again, _ = await tool("generate_video", {"prompt": "A paper boat"})
        video = generated["videos"][0]["id"]
        assert not generated["already_existed"], generated
        assert again["already_existed"] and again["videos"][0]["id"] == video, again

        progress = []

        async def on_progress(value, total, message):
            progress.append(value)

        done, content = await tool("wait_for_video", {"id": video}, progress_callback=on_progress)
        assert done["status"] == "completed", done
        assert progress and progress == sorted(set(progress)), progress
        link = next(item for item in content if item.type == "resource_link")
        assert str(link.uri) == done["file"]["url"], link
        file = urllib.request.urlopen(str(link.uri)).read()
        assert len(file) == link.size and file[4:8] == b"ftyp", (len(file), link)

        listed, _ = await tool("list_videos", {"limit": 1})
        assert listed["videos"][0]["id"] == video, listed
        other, _ = await tool("generate_video", {"prompt": "[sim:slow] A boat"})
        cancelled, _ = await tool("cancel_video", {"id": other["videos"][0]["id"]})
        assert cancelled["status"] in ("cancelled", "processing"), cancelled
        _, content, is_error = members(await client.call_tool("generate_video", {"prompt": "", "seconds": 3}))
        assert is_error and "seconds: Must be one of 10, 15 with the model sora2." in content[0].text, content


asyncio.run(main())
