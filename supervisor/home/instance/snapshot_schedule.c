#include "home/instance/snapshot_schedule.h"

#include "base/duration.h"
#include "base/name.h"

static bool take_every(const char *text, struct store_instance *instance, struct error *error) {
    uint64_t ms = 0;
    if (text[0] && (!duration_parse(text, &ms) || ms < SNAPSHOT_SCHEDULE_EVERY_MIN_S * 1000 ||
                    ms > SNAPSHOT_SCHEDULE_EVERY_MAX_S * 1000))
        return error_set(
            error, ERROR_INVALID,
            "--snapshot-every takes a duration from a minute to a year, as 6h or 1d, or "
            "\"\" for never");
    instance->snapshot_every_s = ms / 1000;
    return true;
}

static bool take_keep(const char *text, struct store_instance *instance, struct error *error) {
    return name_parse_number(text, 1, SNAPSHOT_SCHEDULE_KEEP_MAX, &instance->snapshot_keep) ||
           error_set(error, ERROR_INVALID, "--snapshot-keep takes a number from 1 to %d",
                     SNAPSHOT_SCHEDULE_KEEP_MAX);
}

bool snapshot_schedule_apply(const struct snapshot_schedule_options *options,
                             struct store_instance *instance, struct error *error) {
    if (options->every && !take_every(options->every, instance, error))
        return error_about(error, "snapshot-every");
    if (options->keep && !take_keep(options->keep, instance, error))
        return error_about(error, "snapshot-keep");
    if (instance->snapshot_every_s && !instance->snapshot_keep)
        instance->snapshot_keep = SNAPSHOT_SCHEDULE_KEEP;
    return true;
}
