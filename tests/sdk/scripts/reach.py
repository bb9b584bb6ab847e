"""Prints the status of each address given, asked for by urllib, requests, httpx and aiohttp, as their users write it."""

import asyncio
import sys
import urllib.error
import urllib.request

import aiohttp
import httpx
import requests


def by_urllib(address: str) -> int:
    try:
        with urllib.request.urlopen(address) as response:
            return response.status
    except urllib.error.HTTPError as error:
        return error.code


async def by_aiohttp(address: str) -> int:
    async with aiohttp.ClientSession(trust_env=True) as session, session.get(address) as response:
        return response.status


for address in sys.argv[1:]:
    print(
        by_urllib(address),
        requests.get(address).status_code,
        httpx.get(address).status_code,
        asyncio.run(by_aiohttp(address)),
    )
