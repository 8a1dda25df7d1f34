"""The words of `[tray] backend` and `[notify] backend`, for the configuration's check and for the tray."""

AUTO = "auto"
SNI, PYSTRAY = "sni", "pystray"
DBUS, PLYER = "dbus", "plyer"
TRAY_BACKENDS = (AUTO, SNI, PYSTRAY)
NOTIFY_BACKENDS = (AUTO, DBUS, PLYER)
