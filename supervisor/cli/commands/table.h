/* The command table: one row per command, in the order in which help shows them. To add a command,
 * write cmd_NAME.c and add its row here. */
#pragma once

#include "cli/command.h"

#define TABLE_ROWS(X)                                                                              \
    X(cmd_launch)                                                                                  \
    X(cmd_cloud)                                                                                   \
    X(cmd_cloud_create)                                                                            \
    X(cmd_cloud_get)                                                                               \
    X(cmd_cloud_set)                                                                               \
    X(cmd_cloud_adopt)                                                                             \
    X(cmd_image)                                                                                   \
    X(cmd_image_import)                                                                            \
    X(cmd_image_download)                                                                          \
    X(cmd_image_list)                                                                              \
    X(cmd_image_info)                                                                              \
    X(cmd_image_verify)                                                                            \
    X(cmd_image_remove)                                                                            \
    X(cmd_instance)                                                                                \
    X(cmd_instance_create)                                                                         \
    X(cmd_instance_list)                                                                           \
    X(cmd_instance_get)                                                                            \
    X(cmd_instance_set)                                                                            \
    X(cmd_instance_resize)                                                                         \
    X(cmd_instance_rename)                                                                         \
    X(cmd_instance_clone)                                                                          \
    X(cmd_instance_rebuild)                                                                        \
    X(cmd_instance_reset)                                                                          \
    X(cmd_instance_remove)                                                                         \
    X(cmd_instance_undelete)                                                                       \
    X(cmd_backup)                                                                                  \
    X(cmd_backup_create)                                                                           \
    X(cmd_backup_list)                                                                             \
    X(cmd_backup_verify)                                                                           \
    X(cmd_backup_restore)                                                                          \
    X(cmd_trash)                                                                                   \
    X(cmd_trash_list)                                                                              \
    X(cmd_trash_empty)                                                                             \
    X(cmd_forward)                                                                                 \
    X(cmd_forward_add)                                                                             \
    X(cmd_forward_list)                                                                            \
    X(cmd_forward_remove)                                                                          \
    X(cmd_disk)                                                                                    \
    X(cmd_disk_add)                                                                                \
    X(cmd_disk_list)                                                                               \
    X(cmd_disk_remove)                                                                             \
    X(cmd_snapshot)                                                                                \
    X(cmd_snapshot_create)                                                                         \
    X(cmd_snapshot_list)                                                                           \
    X(cmd_snapshot_remove)                                                                         \
    X(cmd_snapshot_restore)                                                                        \
    X(cmd_nic)                                                                                     \
    X(cmd_nic_add)                                                                                 \
    X(cmd_nic_list)                                                                                \
    X(cmd_nic_remove)                                                                              \
    X(cmd_apply)                                                                                   \
    X(cmd_diff)                                                                                    \
    X(cmd_export)                                                                                  \
    X(cmd_import)                                                                                  \
    X(cmd_network)                                                                                 \
    X(cmd_network_add)                                                                             \
    X(cmd_network_list)                                                                            \
    X(cmd_network_info)                                                                            \
    X(cmd_network_remove)                                                                          \
    X(cmd_up)                                                                                      \
    X(cmd_service)                                                                                 \
    X(cmd_service_install)                                                                         \
    X(cmd_service_remove)                                                                          \
    X(cmd_service_status)                                                                          \
    X(cmd_service_log)                                                                             \
    X(cmd_down)                                                                                    \
    X(cmd_start)                                                                                   \
    X(cmd_stop)                                                                                    \
    X(cmd_restart)                                                                                 \
    X(cmd_reset)                                                                                   \
    X(cmd_suspend)                                                                                 \
    X(cmd_pause)                                                                                   \
    X(cmd_resume)                                                                                  \
    X(cmd_kill)                                                                                    \
    X(cmd_wait)                                                                                    \
    X(cmd_provision)                                                                               \
    X(cmd_list)                                                                                    \
    X(cmd_info)                                                                                    \
    X(cmd_events)                                                                                  \
    X(cmd_log)                                                                                     \
    X(cmd_console)                                                                                 \
    X(cmd_monitor)                                                                                 \
    X(cmd_ip)                                                                                      \
    X(cmd_ssh)                                                                                     \
    X(cmd_ssh_config)                                                                              \
    X(cmd_exec)                                                                                    \
    X(cmd_cp)                                                                                      \
    X(cmd_inventory)                                                                               \
    X(cmd_qmp)                                                                                     \
    X(cmd_doctor)                                                                                  \
    X(cmd_help)                                                                                    \
    X(cmd_completion)                                                                              \
    X(cmd_version)

#define TABLE_DECLARE(name) extern const struct command name;
TABLE_ROWS(TABLE_DECLARE)
#undef TABLE_DECLARE

extern const struct command *const table_commands[]; /* ends with NULL */
