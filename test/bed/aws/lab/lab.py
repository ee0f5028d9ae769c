"""AWS on loopback addresses, as far as a deployment to ECS behind a load balancer sees it.

moto answers the API. What it lacks is here: services that start tasks, health checks, load balancers that
carry requests, refusals; and faults, where a test orders them. All of it runs on one event loop.

    lab.py LOOPBACK API_PORT CONTROL_PORT APP

LOOPBACK is the first half of the addresses to use, `127.64` say, and APP the program that tasks run. Prints a
line once it is up, and ends, with all its tasks, when its standard input is closed.
"""

import asyncio
import json
import sys

from aiohttp import web

import alarms
import balancer
import images
import journal
import parameters
import prober
import refusals
import scheduler
import standalone
import tasks
from api import Api, Fault
from aws import REGION, ec2, ecs


class Lab:
    def __init__(self, loopback, api_port, control_port, app):
        self.loopback, self.api_port, self.control_port = loopback, int(api_port), int(control_port)
        tasks.Task.app = app
        tasks.Task.addresses = addresses(loopback, range(8, 256))
        self.api = Api()
        self.balancer = balancer.Balancer(addresses(loopback, range(1, 8)))
        refusals.install()
        alarms.install()
        prober.install()
        scheduler.install()
        standalone.install()
        self.balancer.install()
        journal.install()

    async def run(self):
        await self._open_api()
        await self._serve_control()
        print(json.dumps({"region": REGION, **network()}), flush=True)
        parts = [prober.run(), self.balancer.run(), scheduler.run()]
        running = [asyncio.create_task(part) for part in (*parts, closed_input())]
        done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        # Where it is a part that has ended, it has failed.
        done.pop().result()

    async def _open_api(self):
        self.front = web.ServerRunner(web.Server(self.api.answer, access_log=None), shutdown_timeout=0.1)
        await self.front.setup()
        await web.TCPSite(self.front, f"{self.loopback}.0.1", self.api_port).start()

    async def _serve_control(self):
        control = web.Application()
        control.add_routes(
            [
                web.post("/images", self._publish),
                web.post("/faults", self._order_fault),
                web.delete("/faults", self._end_faults),
                web.post("/refuse", self._refuse),
                web.post("/kill", self._kill),
                web.post("/age", self._age),
                web.get("/calls", self._calls),
                web.get("/journal", self._journal),
                web.get("/requests", self._requests),
            ]
        )
        runner = web.AppRunner(control, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, f"{self.loopback}.0.1", self.control_port).start()

    async def _publish(self, request):
        return web.json_response(images.publish(**await request.json()))

    async def _order_fault(self, request):
        self.api.faults.append(Fault(**await request.json()))
        return web.json_response({})

    async def _end_faults(self, request):
        self.api.faults = [fault for fault in self.api.faults if fault.user != request.query["user"]]
        return web.json_response({})

    async def _refuse(self, request):
        """Nobody listens at the API for so long."""
        await self.front.cleanup()
        await asyncio.sleep((await request.json())["milliseconds"] / 1000)
        await self._open_api()
        return web.json_response({})

    async def _kill(self, request):
        order = await request.json()
        service = ecs._get_service(order["cluster"], order["service"])
        victim = next(
            (task for task in tasks.of_service(service) if task.last_status == "RUNNING" and task.is_wanted),
            None,
        )
        if victim is None:
            raise web.HTTPNotFound(text=f"no task of {service.name} runs")
        victim.kill()
        return web.json_response({"taskArn": victim.task_arn})

    async def _calls(self, request):
        return web.json_response(self.api.calls_of(request.query["user"]))

    async def _age(self, request):
        parameters.age(**await request.json())
        return web.json_response({})

    async def _journal(self, request):
        return web.json_response(journal.entries_of(request.query["prefix"]))

    async def _requests(self, request):
        return web.json_response(self.balancer.requests)


def addresses(loopback, thirds):
    return (f"{loopback}.{third}.{fourth}" for third in thirds for fourth in range(1, 255))


def network():
    """The one that every account has."""
    subnets = ec2.describe_subnets()
    return {"vpc": subnets[0].vpc_id, "subnets": [subnet.id for subnet in subnets]}


async def closed_input():
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(Lab(*sys.argv[1:]).run())
