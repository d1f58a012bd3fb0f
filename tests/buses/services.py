#!/usr/bin/python3
"""A systemd and a logind as they are on a bus, with what they answer made up. Says "ready" when it is.

The bus is the one of DBUS_SYSTEM_BUS_ADDRESS. Types and errors are those of systemd 252.
"""

import dbus
import dbus.exceptions
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

PROPERTIES = "org.freedesktop.DBus.Properties"
SYSTEMD = "org.freedesktop.systemd1"
LOGIND = "org.freedesktop.login1"
NO_LIMIT = dbus.UInt64(2**64 - 1)

MANAGER = {"Version": "252.38-1~deb12u1", "Virtualization": "kvm", "SystemState": "running"}

# Name: whether it is loaded, state, properties.
UNITS = {
    "dbus.service": ("loaded", "active", {
        "Type": "notify", "NRestarts": dbus.UInt32(3), "TasksCurrent": dbus.UInt64(5), "TasksMax": dbus.UInt64(1000),
        "ActiveEnterTimestamp": dbus.UInt64(1700000000123456)}),
    "getty@tty1.service": ("loaded", "activating", {
        "Type": "idle", "NRestarts": dbus.UInt32(0), "TasksCurrent": NO_LIMIT, "TasksMax": NO_LIMIT,
        "ActiveEnterTimestamp": dbus.UInt64(7)}),
    "dev\\x2dthing.service": ("loaded", "failed", {"Type": "oneshot", "TasksCurrent": NO_LIMIT, "TasksMax": dbus.UInt64(77)}),
    "gone.service": ("loaded", "inactive", None),
    "missing.service": ("not-found", "inactive", {}),
    "slow.service": ("loaded", "reloading", {"Type": "simple", "NRestarts": dbus.UInt32(1)}),
    "dbus.socket": ("loaded", "active", {
        "NAccepted": dbus.UInt32(11), "NConnections": dbus.UInt32(2), "NRefused": dbus.UInt32(6),
        "ActiveEnterTimestamp": dbus.UInt64(1700000002000000)}),
    "old.socket": ("loaded", "inactive", {"NAccepted": dbus.UInt32(13), "NConnections": dbus.UInt32(4)}),
    "daily.timer": ("loaded", "active", {
        "LastTriggerUSec": dbus.UInt64(1700000001500000), "ActiveEnterTimestamp": dbus.UInt64(1700000003000000)}),
    "never.timer": ("loaded", "deactivating", {"LastTriggerUSec": dbus.UInt64(0)}),
    "home.mount": ("loaded", "active", {"Type": "ext4", "ActiveEnterTimestamp": dbus.UInt64(1700000004000000)}),
    "basic.target": ("loaded", "active", {"ActiveEnterTimestamp": dbus.UInt64(1700000005000000)}),
}
# More of them than a bus lets be asked about at once.
UNITS.update({f"many{n}.service": ("loaded", "active", {
    "Type": "simple", "NRestarts": dbus.UInt32(n), "TasksCurrent": dbus.UInt64(n), "TasksMax": dbus.UInt64(1000 + n),
    "ActiveEnterTimestamp": dbus.UInt64(1700000000000000 + n)}) for n in range(300)})

# Number: seat, properties.
SESSIONS = {
    "1": ("seat0", {"Remote": False, "Type": "wayland", "Class": "user"}),
    "2": ("", {"Remote": True, "Type": "tty", "Class": "user"}),
    "3": ("", {"Remote": True, "Type": "tty", "Class": "user"}),
    "4": ("", {"Remote": True, "Type": "carrier-pigeon", "Class": "user-early"}),
    "5": ("seat1", {"Remote": False, "Type": "x11", "Class": "greeter"}),
    "6": ("seat0", {"Remote": False, "Type": "tty"}),
}


def error(name):
    return dbus.exceptions.DBusException("made up", name="org.freedesktop.DBus.Error." + name)


def path_of(name):
    escaped = "".join(c if c.isalnum() else "_%02x" % ord(c) for c in name)
    return dbus.ObjectPath("/org/freedesktop/systemd1/unit/" + escaped)


class Properties(dbus.service.FallbackObject):
    def __init__(self, bus, path, objects):
        super().__init__(bus, path)
        self.objects = objects

    @dbus.service.method(PROPERTIES, in_signature="ss", out_signature="v", path_keyword="path")
    def Get(self, interface, name, path=None):
        properties = self.objects.get(str(path))
        if properties is None:
            raise error("UnknownObject")
        if name not in properties:
            raise error("UnknownProperty")
        return properties[name]


class Systemd(Properties):
    @dbus.service.method(SYSTEMD + ".Manager", in_signature="", out_signature="a(ssssssouso)")
    def ListUnits(self):
        return [(name, "made up", load, state, "dead", "", path_of(name), dbus.UInt32(0), "", dbus.ObjectPath("/"))
                for name, (load, state, _) in UNITS.items()]


class Logind(Properties):
    @dbus.service.method(LOGIND + ".Manager", in_signature="", out_signature="a(so)")
    def ListSeats(self):
        return [(seat, dbus.ObjectPath("/org/freedesktop/login1/seat/" + seat)) for seat in ("seat0", "seat1")]

    @dbus.service.method(LOGIND + ".Manager", in_signature="", out_signature="a(susso)")
    def ListSessions(self):
        return [(number, dbus.UInt32(1000), "someone", seat, dbus.ObjectPath("/org/freedesktop/login1/session/_3" + number))
                for number, (seat, _) in SESSIONS.items()]


dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
bus = dbus.SystemBus()
objects = {path_of(name): properties for name, (_, _, properties) in UNITS.items()}
objects["/org/freedesktop/systemd1"] = MANAGER
names = [dbus.service.BusName(name, bus) for name in (SYSTEMD, LOGIND)]
services = [
    Systemd(bus, "/org/freedesktop/systemd1", objects),
    Logind(bus, "/org/freedesktop/login1", {
        "/org/freedesktop/login1/session/_3" + number: properties for number, (_, properties) in SESSIONS.items()}),
]
print("ready", flush=True)
GLib.MainLoop().run()
