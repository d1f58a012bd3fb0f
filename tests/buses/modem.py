#!/usr/bin/python3
"""A ModemManager as it is on a bus, with one modem that is made up. Says "ready" when it is.

The bus is the one of DBUS_SYSTEM_BUS_ADDRESS. Types are those of ModemManager 1.20. Levels are only there after Setup.
"""

import dbus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

MANAGER = "org.freedesktop.ModemManager1"
ROOT = "/org/freedesktop/ModemManager1"
MODEM, BEARER = ROOT + "/Modem/0", ROOT + "/Bearer/0"

SIGNAL = {"Rate": dbus.UInt32(0), "Lte": dbus.Dictionary({}, signature="sv")}
INTERFACES = {
    MANAGER + ".Modem": {
        "Bearers": dbus.Array([dbus.ObjectPath(BEARER)], signature="o"),
        "Ports": dbus.Array([("cdc-wdm0", dbus.UInt32(6)), ("wwan0", dbus.UInt32(2))], signature="(su)"),
        "UnlockRetries": dbus.Dictionary({dbus.UInt32(3): dbus.UInt32(10)}, signature="uu"),
        "Model": "EM7455", "Manufacturer": "Sierra", "PrimaryPort": "cdc-wdm0", "State": dbus.Int32(11),
        "SignalQuality": dbus.Struct((dbus.UInt32(57), True), signature="ub"), "AccessTechnologies": dbus.UInt32(1 << 14)},
    MANAGER + ".Modem.Modem3gpp": {"RegistrationState": dbus.UInt32(1), "OperatorName": "Example"},
    MANAGER + ".Modem.Signal": SIGNAL,
}
STATS = {"total-rx-bytes": dbus.UInt64(1 << 40), "total-duration": dbus.UInt32(60), "attempts": dbus.UInt32(1)}


class Root(dbus.service.Object):
    @dbus.service.method("org.freedesktop.DBus.ObjectManager", in_signature="", out_signature="a{oa{sa{sv}}}")
    def GetManagedObjects(self):
        return {dbus.ObjectPath(MODEM): INTERFACES}


class Modem(dbus.service.Object):
    @dbus.service.method(MANAGER + ".Modem.Signal", in_signature="u", out_signature="")
    def Setup(self, rate):
        SIGNAL["Rate"] = rate
        SIGNAL["Lte"] = dbus.Dictionary({"rssi": -61.0, "rsrp": -92.5}, signature="sv")


class Bearer(dbus.service.Object):
    @dbus.service.method(dbus.PROPERTIES_IFACE, in_signature="s", out_signature="a{sv}")
    def GetAll(self, interface):
        return {"Connected": True, "Interface": "wwan0", "Stats": dbus.Dictionary(STATS, signature="sv")}


dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
bus = dbus.SystemBus()
objects = [Root(bus, ROOT), Modem(bus, MODEM), Bearer(bus, BEARER)]
name = dbus.service.BusName(MANAGER, bus)
print("ready", flush=True)
GLib.MainLoop().run()
