"""In a scenario whose VM has no guest: from as_vm.speak(run, name, port) on, each connection of this
process to the port is also one of that VM's QEMU, as it would be if the guest had opened it."""
import array, glob, json, socket


def give(path, connection):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as monitor:
        monitor.settimeout(20)
        monitor.connect(path)
        lines = monitor.makefile("r")
        json.loads(lines.readline())  # the greeting

        def tell(command, *fds, **arguments):
            text = json.dumps({"execute": command, "arguments": arguments}).encode()
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
            monitor.sendmsg([text], rights)
            while True:
                answer = json.loads(lines.readline())
                if "return" in answer or "error" in answer:
                    break
            if "error" in answer:
                raise RuntimeError(answer)

        tell("qmp_capabilities")
        tell("getfd", connection.fileno(), fdname="c%d" % connection.getsockname()[1])


def speak(run, name, port):
    connect = socket.socket.connect

    def connect_and_give(self, address):
        connect(self, address)
        if self.family == socket.AF_INET and address[1] == port:
            (path,) = glob.glob("%s/s/%s.*.mon" % (glob.escape(run), name))
            give(path, self)

    socket.socket.connect = connect_and_give
