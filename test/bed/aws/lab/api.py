"""Where the API is asked: notes calls, gives the faults that were ordered, lets moto answer the rest."""

import asyncio
import json
import time
from dataclasses import asdict, dataclass
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from aiohttp import web
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.test import Client

import journal

ERRORS = {
    "throttling": (400, "ThrottlingException", "Rate exceeded"),
    "denied": (400, "AccessDeniedException", "User is not authorized to perform this operation"),
    "expired": (400, "ExpiredTokenException", "The security token included in the request is expired"),
    "internal-error": (
        500,
        "InternalFailure",
        "The request processing has failed because of an unknown error",
    ),
}
# The query protocol has names of its own for the same.
QUERY_NAMES = {
    "ThrottlingException": "Throttling",
    "AccessDeniedException": "AccessDenied",
    "ExpiredTokenException": "ExpiredToken",
}


@dataclass
class Fault:
    """`kind`: one of ERRORS, `slow`, `reset` (cut before it is carried out), `answer-lost` (after it)."""

    kind: str
    operations: list
    user: str
    times: int
    skip: int = 0
    milliseconds: int = 0


@dataclass
class Call:
    operation: str
    user: str
    at: float
    status: int | None = None
    fault: str | None = None
    # Where the client says more of itself than its access key does.
    client: str | None = None


class Api:
    def __init__(self):
        self.calls = []
        self.faults = []
        self.moto = Client(DomainDispatcherApplication(create_backend_app), use_cookies=False)

    async def answer(self, request):
        body = await request.read()
        client = request.headers.get("X-Client")
        call = Call(operation_of(request, body), user_of(request), time.time(), client=client)
        self.calls.append(call)
        fault = self._take_fault(call)
        call.fault = fault and fault.kind
        if fault is None:
            response = self._carry_out(call, request, body)
        else:
            response = await self._give(call, fault, request, body)
        call.status = response.status
        return response

    def calls_of(self, user):
        return [asdict(call) for call in self.calls if call.user == user]

    def _take_fault(self, call):
        for fault in self.faults:
            if (
                fault.user == call.user
                and fault.times > 0
                and (not fault.operations or call.operation in fault.operations)
            ):
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                return fault
        return None

    async def _give(self, call, fault, request, body):
        if fault.kind in ERRORS:
            return error(request, *ERRORS[fault.kind])
        if fault.kind == "slow":
            await asyncio.sleep(fault.milliseconds / 1000)
            return self._carry_out(call, request, body)
        response = self._carry_out(call, request, body) if fault.kind == "answer-lost" else web.Response()
        request.transport.abort()
        return response

    def _carry_out(self, call, request, body):
        """On the event loop, so that nobody sees a change half made."""
        journal.calling({"user": call.user, "client": call.client})
        try:
            return self._ask_moto(request, body)
        finally:
            journal.calling(None)

    def _ask_moto(self, request, body):
        answer = self.moto.open(
            request.path_qs, method=request.method, headers=list(request.headers.items()), data=body
        )
        headers = {name: value for name, value in answer.headers.items() if name.lower() != "content-length"}
        return web.Response(status=answer.status_code, headers=headers, body=answer.data)


def operation_of(request, body):
    if target := request.headers.get("X-Amz-Target"):
        return target.split(".")[-1]
    if "/operation/" in request.path:
        return request.path.split("/")[-1]
    return parse_qs(body.decode(errors="replace")).get("Action", ["?"])[0]


def user_of(request):
    """The access key that it is signed with."""
    _, _, rest = request.headers.get("Authorization", "").partition("Credential=")
    return rest.split("/")[0]


def error(request, status, name, message):
    if "X-Amz-Target" in request.headers:
        text = json.dumps({"__type": name, "message": message})
        return web.Response(
            status=status,
            text=text,
            content_type="application/x-amz-json-1.1",
            headers={"X-Amzn-ErrorType": name},
        )
    name = QUERY_NAMES.get(name, name)
    side = "Receiver" if status >= 500 else "Sender"
    text = (
        f"<ErrorResponse><Error><Type>{side}</Type><Code>{name}</Code><Message>{escape(message)}</Message></Error>"
        "<RequestId>00000000-0000-0000-0000-000000000000</RequestId></ErrorResponse>"
    )
    return web.Response(status=status, text=text, content_type="text/xml")
