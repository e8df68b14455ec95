"""What the tests use of cloud-init's own code under names or forms that differ between its releases
(22.4, which Debian 12 has, to 26)."""

import inspect

from cloudinit import settings, util

if hasattr(settings, "RUN_CLOUD_CONFIG"):
    RUN_CLOUD_CONFIG = settings.RUN_CLOUD_CONFIG
else:
    RUN_CLOUD_CONFIG = settings.DEFAULT_RUN_DIR + "/cloud.cfg"


def read_seeded(url, **options):
    """meta-data, user-data, vendor-data, and a list of the network-config, if it is read too."""
    meta, user, vendor, *network = util.read_seeded(url, **options)
    return meta, user, vendor, network


def handle(module, name, config, cloud, log):
    """Runs a configuration module, which logs to log."""
    if "log" in inspect.signature(module.handle).parameters:
        module.handle(name, config, cloud, log, [])
    else:
        module.LOG = log
        module.handle(name, config, cloud, [])


def read_files_by(load):
    """Text files are read by this function from now on."""
    for name in ("load_file", "load_text_file"):
        if hasattr(util, name):
            setattr(util, name, load)
