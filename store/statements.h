/* Every SQL statement that the tables use, by name. Schema and its changes: migrations.c. */
#pragma once

enum statement {
    CLOUD_GET,
    CLOUD_PUT,
    NETWORK_PUT,

    USER_LIST,
    USER_PUT,
    USER_REMOVE,

    IMAGE_ADD,
    IMAGE_GET,
    IMAGE_LIST,
    IMAGE_SET_CHECKED,
    IMAGE_REMOVE,

    INSTANCE_NEXT_ID,
    INSTANCE_ADD,
    INSTANCE_GET,
    INSTANCE_GET_BY_TOKEN,
    INSTANCE_LIST,
    INSTANCE_UPDATE,
    INSTANCE_SET_IDENTITY,
    INSTANCE_SET_WANTED,
    INSTANCE_REMOVE,

    LAUNCH_ADD,
    LAUNCH_PUT,
    LAUNCH_LIST,

    GUEST_GET,
    GUEST_PUT,
    GUEST_SET_ADDRESS,
    GUEST_SET_PROVISIONED,
    GUEST_SET_TRUST,
    GUEST_REMOVE,

    EVENT_ADD,
    EVENT_PRUNE,
    EVENT_LIST,
    EVENT_LIST_INSTANCE,

    GENERATED_GET,
    GENERATED_PUT,

    DISK_LIST,
    DISK_ADD,
    DISK_REMOVE,

    FORWARD_LIST,
    FORWARD_ADD,
    FORWARD_REMOVE,

    NIC_LIST,
    NIC_ADD,
    NIC_REMOVE,

    STATEMENT_COUNT
};

const char *statements_sql(enum statement statement);
