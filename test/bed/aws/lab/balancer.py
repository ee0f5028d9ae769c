"""Answers at the listeners of load balancers, by their rules and weights."""

import asyncio
import fnmatch
import random
from collections import Counter

import aiohttp
from aiohttp import web
from moto.elbv2.models import ELBv2Backend

from aws import around, elb
from prober import targets_of

# What belongs to a connection, and not to what is sent on it: https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1
OF_THE_CONNECTION = {"connection", "keep-alive", "proxy-connection", "te", "transfer-encoding", "upgrade"}
IDLE_SECONDS = 60


class Balancer:
    def __init__(self, addresses):
        self.addresses = addresses
        self.requests = Counter()  # by ARN of a target group
        self._runners = {}  # by ARN of a listener
        self._turns = {}

    def install(self):
        around(ELBv2Backend, "create_load_balancer", self._create)

    def _create(self, create, backend, *arguments, **named):
        balancer = create(backend, *arguments, **named)
        balancer.dns_name = next(self.addresses)
        return balancer

    async def run(self):
        """Serves the listeners that are there."""
        connector = aiohttp.TCPConnector(force_close=True, limit=0)
        async with aiohttp.ClientSession(
            connector=connector,
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=["Accept", "Accept-Encoding", "Content-Type", "User-Agent"],
        ) as self.session:
            while True:
                listeners = {
                    listener.arn: (balancer, listener)
                    for balancer in elb.load_balancers.values()
                    for listener in balancer.listeners.values()
                }
                for arn in self._runners.keys() - listeners.keys():
                    await self._runners.pop(arn).cleanup()
                for arn in listeners.keys() - self._runners.keys():
                    self._runners[arn] = await self._serve(*listeners[arn])
                await asyncio.sleep(0.05)

    async def _serve(self, balancer, listener):
        async def answer(request):
            return await self._answer(listener, request)

        runner = web.ServerRunner(
            web.Server(answer, keepalive_timeout=IDLE_SECONDS, access_log=None), shutdown_timeout=1
        )
        await runner.setup()
        await web.TCPSite(runner, balancer.dns_name, int(listener.port), backlog=1024).start()
        return runner

    async def _answer(self, listener, request):
        # Actions before the last one sign users in, which nobody does here.
        action = actions_for(listener, request)[-1].data
        if action["Type"] == "fixed-response":
            fixed = action["FixedResponseConfig"]
            return web.Response(status=int(fixed["StatusCode"]), text=fixed.get("MessageBody", ""))
        if action["Type"] != "forward":
            return web.Response(status=501, text=f"the lab does not do {action['Type']}")
        arn = weigh(action["ForwardConfig"]["TargetGroups"])
        self.requests[arn] += 1
        target = self._next_target(arn)
        if target is None:
            return web.Response(status=503, text="503 Service Temporarily Unavailable")
        if "websocket" in request.headers.get("Upgrade", "").lower():
            return await self._tunnel(request, target)
        return await self._forward(request, target)

    def _next_target(self, arn):
        group = elb.target_groups.get(arn)
        known = targets_of(group).values() if group else []
        # Where none is healthy, all unhealthy ones are asked:
        # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
        for state in ("healthy", "unhealthy"):
            able = [target for target in known if target.state == state]
            if able:
                turn = self._turns[arn] = self._turns.get(arn, -1) + 1
                return able[turn % len(able)]
        return None

    async def _forward(self, request, target):
        url = f"http://{target.id}:{target.port}{request.raw_path}"
        timeout = aiohttp.ClientTimeout(total=None, sock_read=IDLE_SECONDS, sock_connect=5)
        body = request.content if request.body_exists else None
        sent = None
        try:
            async with self.session.request(
                request.method,
                url,
                headers=_headers_of(request),
                data=body,
                allow_redirects=False,
                timeout=timeout,
            ) as answer:
                sent = web.StreamResponse(status=answer.status, headers=_own(answer.headers))
                await sent.prepare(request)
                async for chunk in answer.content.iter_any():
                    await sent.write(chunk)
                await sent.write_eof()
                return sent
        except (aiohttp.ClientError, asyncio.TimeoutError) as error:
            if sent is not None:
                request.transport.abort()
                return sent
            return web.Response(status=504 if isinstance(error, asyncio.TimeoutError) else 502)

    async def _tunnel(self, request, target):
        async with self.session.ws_connect(
            f"http://{target.id}:{target.port}{request.raw_path}",
            headers={"X-Forwarded-For": request.remote},
            autoping=False,
        ) as inner:
            outer = web.WebSocketResponse(autoping=False)
            await outer.prepare(request)
            pumps = [asyncio.create_task(_pump(outer, inner)), asyncio.create_task(_pump(inner, outer))]
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in pumps:
                pump.cancel()
            await outer.close()
            return outer


def actions_for(listener, request):
    rules = sorted(listener._non_default_rules.values(), key=lambda rule: int(rule.priority))
    matching = (
        rule.actions for rule in rules if all(_holds(condition, request) for condition in rule.conditions)
    )
    actions = next(matching, listener.default_actions)
    return sorted(actions, key=lambda action: int(action.data.get("Order", 0)))


def _holds(condition, request):
    field = condition["Field"]
    if field == "http-header":
        wanted = condition["HttpHeaderConfig"]
        header = request.headers.get(wanted["HttpHeaderName"])
        return header is not None and _fits(header.lower(), [value.lower() for value in wanted["Values"]])
    if field == "host-header":
        return _fits(
            request.host.split(":")[0].lower(),
            [value.lower() for value in _values(condition, "HostHeaderConfig")],
        )
    if field == "path-pattern":
        return _fits(request.path, _values(condition, "PathPatternConfig"))
    if field == "http-request-method":
        return request.method in _values(condition, "HttpRequestMethodConfig")
    return False


def _values(condition, config):
    return condition.get("Values") or condition[config]["Values"]


def _fits(text, patterns):
    return any(fnmatch.fnmatchcase(text, pattern) for pattern in patterns)


def weigh(groups):
    """One by its weight; None where all weigh 0."""
    weights = [int(group.get("Weight", 1)) for group in groups]
    if not any(weights):
        return None
    return random.choices(groups, weights)[0]["TargetGroupArn"]


def _own(headers):
    return [(name, value) for name, value in headers.items() if name.lower() not in OF_THE_CONNECTION]


def _headers_of(request):
    return [*_own(request.headers), ("X-Forwarded-For", request.remote), ("X-Forwarded-Proto", "http")]


async def _pump(source, sink):
    async for message in source:
        if message.type is aiohttp.WSMsgType.TEXT:
            await sink.send_str(message.data)
        elif message.type is aiohttp.WSMsgType.BINARY:
            await sink.send_bytes(message.data)
        elif message.type is aiohttp.WSMsgType.PING:
            await sink.ping(message.data)
        elif message.type is aiohttp.WSMsgType.PONG:
            await sink.pong(message.data)
