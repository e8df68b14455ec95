#include "cloud_choice_options.h"

static bool read_switch(const struct invocation *invocation, const char *on, const char *off,
                        enum cloud_switch *wanted, struct error *error) {
    bool is_on = invocation_flag(invocation, on), is_off = invocation_flag(invocation, off);
    if (is_on && is_off)
        return error_set(error, ERROR_USAGE, "--%s excludes --%s", off, on);
    *wanted = is_on ? CLOUD_SWITCH_ON : is_off ? CLOUD_SWITCH_OFF : CLOUD_SWITCH_AS_IT_IS;
    return true;
}

bool cloud_choice_options_read(const struct invocation *invocation, struct cloud_choices *choices,
                               struct error *error) {
    choices->trash_days = invocation_option(invocation, "trash-days");
    return read_switch(invocation, "package-upgrade", "no-package-upgrade",
                       &choices->package_upgrade, error) &&
           read_switch(invocation, "auto-up", "no-auto-up", &choices->auto_up, error);
}
