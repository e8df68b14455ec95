# Of the sources, not of what is built from them: once is enough.
if(NOT PGSUP_SANITIZE)
  add_test(NAME unit.walls COMMAND /usr/bin/env python3 ${CMAKE_SOURCE_DIR}/tests/unit/check_walls.py
    ${CMAKE_C_COMPILER} ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
  set_tests_properties(unit.walls PROPERTIES TIMEOUT 600 COST 20 LABELS unit)

  add_test(NAME unit.reentrant COMMAND /usr/bin/env python3
    ${CMAKE_SOURCE_DIR}/tests/unit/check_reentrant.py ${CMAKE_SOURCE_DIR})
  set_tests_properties(unit.reentrant PROPERTIES TIMEOUT 600 LABELS unit)

  add_test(NAME unit.opens COMMAND /usr/bin/env python3
    ${CMAKE_SOURCE_DIR}/tests/unit/check_opens.py ${CMAKE_SOURCE_DIR})
  set_tests_properties(unit.opens PROPERTIES TIMEOUT 600 LABELS unit)

  # The rules of the house that can be measured; the script says which.
  add_test(NAME unit.house COMMAND /usr/bin/env python3 ${CMAKE_SOURCE_DIR}/scripts/house ${CMAKE_SOURCE_DIR})
  set_tests_properties(unit.house PROPERTIES TIMEOUT 600 LABELS unit)

  add_test(NAME unit.lifecycle_diagram
    COMMAND /usr/bin/env python3 ${CMAKE_SOURCE_DIR}/scripts/lifecycle-dot --check)
  set_tests_properties(unit.lifecycle_diagram PROPERTIES TIMEOUT 600 LABELS unit)
endif()

# What scripts/cmake/hardening.cmake asks for is in the programs.
if(NOT PGSUP_SANITIZE AND NOT PGSUP_FUZZ AND NOT CMAKE_CROSSCOMPILING AND NOT CMAKE_BUILD_TYPE STREQUAL Debug)
  add_test(NAME unit.hardening COMMAND /usr/bin/env python3 ${CMAKE_SOURCE_DIR}/scripts/check-hardening ${CMAKE_BINARY_DIR})
  set_tests_properties(unit.hardening PROPERTIES TIMEOUT 600 LABELS unit)
endif()

# The unit tests, by the room they are in.
pgsup_test(base SOURCES unit/test_base.c USES base)
pgsup_test(duration SOURCES unit/test_duration.c USES base)
pgsup_test(file SOURCES unit/test_file.c USES base)
pgsup_test(hashed_copy SOURCES unit/test_hashed_copy.c USES base)
pgsup_test(log SOURCES unit/test_log.c USES base)
pgsup_test(name SOURCES unit/test_name.c USES base)
pgsup_test(platform SOURCES unit/test_platform.c USES base)
if(NOT PGSUP_SANITIZE AND NOT PGSUP_FUZZ) # they replace the heap
  pgsup_test(share_heap SOURCES unit/test_share_heap.c USES base)
endif()

pgsup_test(qmp SOURCES unit/test_qmp.c USES qmp)
pgsup_test(qmp_transcripts SOURCES unit/test_qmp_transcripts.c USES qmp)
pgsup_test(qga SOURCES unit/test_qga.c USES qmp)

# Stands in for QEMU and misbehaves on request: fake/fake_faults.h.
add_executable(fake-qemu fake/fake_qemu.c fake/fake_options.c fake/fake_faults.c fake/fake_machine.c)
target_link_libraries(fake-qemu PRIVATE base PkgConfig::JANSSON)

pgsup_test(fake_qemu SOURCES unit/test_fake_qemu.c USES qmp)
target_compile_definitions(test_fake_qemu PRIVATE FAKE_QEMU_PROGRAM="$<TARGET_FILE:fake-qemu>")
add_dependencies(test_fake_qemu fake-qemu)

# Built with the rest so that they stay buildable; run by scripts/bench and unit.instructions.
add_executable(bench_qmp bench/bench_qmp.c)
target_link_libraries(bench_qmp PRIVATE qmp)
pgsup_see_all_rooms(bench_qmp)
add_executable(bench_http bench/bench_http.c)
target_link_libraries(bench_http PRIVATE base)
pgsup_see_all_rooms(bench_http)
add_executable(bench_seed bench/bench_seed.c)
target_link_libraries(bench_seed PRIVATE daemon)
pgsup_see_all_rooms(bench_seed)

# Of a build as it is released.
if(NOT PGSUP_SANITIZE AND NOT PGSUP_FUZZ AND NOT APPLE AND CMAKE_BUILD_TYPE STREQUAL RelWithDebInfo)
  add_test(NAME unit.instructions COMMAND /usr/bin/env python3 ${CMAKE_SOURCE_DIR}/tests/unit/check_instructions.py
    $<TARGET_FILE:pgsup> $<TARGET_FILE:bench_qmp> $<TARGET_FILE:bench_seed> $<TARGET_FILE:fake-qemu>)
  set_tests_properties(unit.instructions PROPERTIES TIMEOUT 600 COST 30 LABELS unit)
endif()

pgsup_test(document SOURCES unit/test_document.c USES cloudinit)
pgsup_test(document_check SOURCES unit/test_document_check.c USES cloudinit)
pgsup_test(http SOURCES unit/test_http.c USES cloudinit)
pgsup_test(multipart SOURCES unit/test_multipart.c USES cloudinit)
pgsup_test(password SOURCES unit/test_password.c USES cloudinit)
pgsup_test(phone_home SOURCES unit/test_phone_home.c USES cloudinit)
pgsup_test(public_key SOURCES unit/test_public_key.c USES cloudinit)
pgsup_test(text_form SOURCES unit/test_text_form.c USES cloudinit)
pgsup_test(report SOURCES unit/test_report.c USES cloudinit)
pgsup_test(route SOURCES unit/test_route.c USES cloudinit)

# cloud-init's own judgement of the golden documents. Linux only: it has no package on macOS.
if(NOT APPLE AND NOT PGSUP_SANITIZE)
  find_program(CLOUD_INIT cloud-init)
  add_test(NAME cloud-init-schema
    COMMAND /usr/bin/python3 golden/check_seed.py ${CLOUD_INIT}
    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}/tests)
  set_tests_properties(cloud-init-schema PROPERTIES TIMEOUT 600 LABELS unit)
endif()

pgsup_test(store_open SOURCES unit/test_store_open.c USES store)
pgsup_test(store_refused SOURCES unit/test_store_refused.c USES store)
pgsup_test(store_write SOURCES unit/test_store_write.c USES store)
pgsup_test(cloud_tables SOURCES unit/test_cloud_tables.c USES store)
pgsup_test(event_table SOURCES unit/test_event_table.c USES store)
pgsup_test(guest_table SOURCES unit/test_guest_table.c USES store)
pgsup_test(image_table SOURCES unit/test_image_table.c USES store)
pgsup_test(instance_table SOURCES unit/test_instance_table.c USES store)
pgsup_test(query_plans SOURCES unit/test_query_plans.c USES store)
pgsup_test(launch_table SOURCES unit/test_launch_table.c USES store)
pgsup_test(network_tables SOURCES unit/test_network_tables.c USES store)
pgsup_test(snapshot_table SOURCES unit/test_snapshot_table.c USES store)
pgsup_test(store_migrations SOURCES unit/test_store_migrations.c USES store)

pgsup_test(ansible_log SOURCES unit/test_ansible_log.c USES home_access)
pgsup_test(home SOURCES unit/test_home.c USES home_change)
pgsup_test(running SOURCES unit/test_running.c USES home_change)
pgsup_test(hardware_note SOURCES unit/test_hardware_note.c USES home_instance)
pgsup_test(host_labels SOURCES unit/test_host_labels.c USES home_access)
pgsup_test(cloud SOURCES unit/test_cloud.c USES home_cloud)
pgsup_test(instance_create SOURCES unit/test_instance_create.c USES home_change)
pgsup_test(instance_network SOURCES unit/test_instance_network.c USES home_change)
pgsup_test(instance_remove SOURCES unit/test_instance_remove.c USES home_change)
pgsup_test(instance_rename SOURCES unit/test_instance_rename.c USES home_change)
pgsup_test(backup SOURCES unit/test_backup.c USES home_backup)
pgsup_test(backup_manifest SOURCES unit/test_backup_manifest.c USES home_backup)
pgsup_test(backup_restore SOURCES unit/test_backup_restore.c USES home_backup)
pgsup_test(instance_reset SOURCES unit/test_instance_reset.c USES home_change)
pgsup_test(instance_plan SOURCES unit/test_instance_plan.c USES home_change PkgConfig::SQLITE)
pgsup_test(generated SOURCES unit/test_generated.c USES home_change)
pgsup_test(launch_check SOURCES unit/test_launch_check.c USES home_change)
pgsup_test(lab_file SOURCES unit/test_lab_file.c USES home_lab)
pgsup_test(claims SOURCES unit/test_claims.c USES home_lab)
pgsup_test(lab SOURCES unit/test_lab.c USES home_lab)
pgsup_test(lab_documents SOURCES unit/test_lab_documents.c USES home_lab)
pgsup_test(lab_rehearsal SOURCES unit/test_lab_rehearsal.c USES home_lab PkgConfig::JANSSON)
pgsup_test(lab_release SOURCES unit/test_lab_release.c USES home_lab)
pgsup_test(lab_write SOURCES unit/test_lab_write.c USES home_lab)
pgsup_test(import SOURCES unit/test_import.c USES home_moving)
pgsup_test(moving SOURCES unit/test_moving.c USES home_moving)
pgsup_test(ovf SOURCES unit/test_ovf.c USES home_moving)
pgsup_test(ovf_digest SOURCES unit/test_ovf_digest.c USES home_moving)
pgsup_test(tar_index SOURCES unit/test_tar_index.c USES home_moving)
pgsup_test(vmdk_header SOURCES unit/test_vmdk_header.c USES host)
if(NOT APPLE AND NOT PGSUP_SANITIZE)
  find_program(VIRT_XML_VALIDATE virt-xml-validate)
  add_test(NAME unit.engines
    COMMAND /usr/bin/env python3 golden/engines/check_engines.py ${VIRT_XML_VALIDATE}
    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}/tests)
  set_tests_properties(unit.engines PROPERTIES TIMEOUT 600 LABELS unit)
endif()
pgsup_test(home_network SOURCES unit/test_home_network.c USES home_change)
pgsup_test(lab_nic SOURCES unit/test_lab_nic.c USES home_change)
pgsup_test(members SOURCES unit/test_members.c USES home_change)
pgsup_test(nic_change SOURCES unit/test_nic_change.c USES home_change)
pgsup_test(hosts_script SOURCES unit/test_hosts_script.c USES home_change)
pgsup_test(user SOURCES unit/test_user.c USES home_cloud)
pgsup_test(dns SOURCES unit/test_dns.c USES home_names)
pgsup_test(lease SOURCES unit/test_lease.c USES home_names)
pgsup_test(neighbour SOURCES unit/test_neighbour.c USES home_names)
pgsup_test(program SOURCES unit/test_program.c USES host)
pgsup_test(nested SOURCES unit/test_nested.c USES host)
pgsup_test(silence SOURCES unit/test_silence.c USES host)
pgsup_test(qemu_program SOURCES unit/test_qemu_program.c USES host)
pgsup_test(qcow2 SOURCES unit/test_qcow2.c USES host)
pgsup_test(suspend SOURCES unit/test_suspend.c USES host home_snapshot)
pgsup_test(disk SOURCES unit/test_disk.c USES home_seed)
pgsup_test(host_keys SOURCES unit/test_host_keys.c USES home_seed)
pgsup_test(catalogue SOURCES unit/test_catalogue.c USES home_images)
pgsup_test(newest SOURCES unit/test_newest.c USES home_images)
pgsup_test(child SOURCES unit/test_child.c USES base)
pgsup_test(checksum SOURCES unit/test_checksum.c USES home_images)
pgsup_test(download SOURCES unit/test_download.c USES home_images)
pgsup_test(fetch_wire SOURCES unit/test_fetch_wire.c USES fetch_wire)
pgsup_test(confine SOURCES unit/test_confine.c USES fetch)
pgsup_test(derived SOURCES unit/test_derived.c USES home_change)
pgsup_test(image_form SOURCES unit/test_image_form.c USES home_images)
pgsup_test(unpack SOURCES unit/test_unpack.c USES home_images)
pgsup_test(image SOURCES unit/test_image.c USES home_images)
foreach(test download image unpack)
  add_dependencies(test_${test} pgsup-fetch)
endforeach()
pgsup_test(tcp_owner SOURCES unit/test_tcp_owner.c USES home_access)

add_executable(print_argv fake/print_argv.c)
pgsup_test(argv SOURCES unit/test_argv.c unit/specs.c USES machine_core)
pgsup_test(vm_script SOURCES unit/test_vm_script.c unit/specs.c USES machine_core)
target_compile_definitions(test_vm_script PRIVATE PRINT_ARGV="$<TARGET_FILE:print_argv>")
add_dependencies(test_vm_script print_argv)
pgsup_test(argv_starts SOURCES unit/test_argv_starts.c USES host)
pgsup_test(smbios SOURCES unit/test_smbios.c unit/specs.c USES machine_core)
pgsup_test(boot SOURCES unit/test_boot.c USES machine_core)
pgsup_test(lifecycle SOURCES unit/test_lifecycle.c USES machine_core)
pgsup_test(run_state SOURCES unit/test_run_state.c USES machine_core)
pgsup_test(vm_report SOURCES unit/test_vm_report.c USES machine)
pgsup_test(process SOURCES unit/test_process.c USES machine)
if(APPLE)
  target_sources(test_process PRIVATE unit/no_end_darwin.c)
else()
  target_sources(test_process PRIVATE unit/no_end_linux.c)
endif()
pgsup_test(monitor SOURCES unit/test_monitor.c USES machine)
pgsup_test(agent SOURCES unit/test_agent.c USES machine)
pgsup_test(guest_freeze SOURCES unit/test_guest_freeze.c USES cli_link)
pgsup_test(offline SOURCES unit/test_offline.c USES cli_link)
pgsup_test(probe SOURCES unit/test_probe.c USES machine)
pgsup_test(helpers SOURCES unit/test_helpers.c unit/specs.c USES machine)
pgsup_test(launcher SOURCES unit/test_launcher.c unit/specs.c USES machine launcher)
pgsup_test(network_choice SOURCES unit/test_network_choice.c USES host)
pgsup_test(root_start SOURCES unit/test_root_start.c USES machine launcher host)

pgsup_test(protocol SOURCES unit/test_protocol.c USES control)
pgsup_test(gather SOURCES unit/test_gather.c USES daemon)
pgsup_test(heartbeats SOURCES unit/test_heartbeats.c USES daemon)
pgsup_test(policy SOURCES unit/test_policy.c USES daemon)
pgsup_test(seed_cache SOURCES unit/test_seed_cache.c USES daemon home_change)
pgsup_test(seed_server SOURCES unit/test_seed_server.c USES daemon home_change)
pgsup_test(recorder SOURCES unit/test_recorder.c USES daemon)
pgsup_test(share SOURCES unit/test_share.c USES daemon)
pgsup_test(launch_queue SOURCES unit/test_launch_queue.c USES daemon)
pgsup_test(thread_work SOURCES unit/test_thread_work.c ../supervisor/daemon/thread_work.c USES daemon)
target_compile_definitions(test_thread_work PRIVATE uv_thread_create=make_thread) # which may refuse
pgsup_test(waiters SOURCES unit/test_waiters.c USES daemon)

pgsup_test(doctor SOURCES unit/test_doctor.c USES cli_doctor)
pgsup_test(service SOURCES unit/test_service.c USES cli_service daemon)
pgsup_test(list SOURCES unit/test_list.c USES cli_link cli_output)
pgsup_test(options SOURCES unit/test_options.c USES cli cli_output)
pgsup_test(terminal SOURCES unit/test_terminal.c USES cli_terminal cli_output)
pgsup_test(help SOURCES unit/test_help.c USES cli cli_commands cli_manual)
pgsup_test(json_option SOURCES unit/test_json_option.c USES cli cli_commands)
pgsup_test(topic SOURCES unit/test_topic.c USES cli cli_manual)
add_test(NAME unit.documented COMMAND /usr/bin/env python3 ${CMAKE_SOURCE_DIR}/tests/unit/check_documented.py
  $<TARGET_FILE:pgsup> ${CMAKE_SOURCE_DIR})
add_test(NAME unit.lab_examples COMMAND /usr/bin/python3 ${CMAKE_SOURCE_DIR}/tests/unit/check_lab_examples.py
  $<TARGET_FILE:pgsup> ${CMAKE_SOURCE_DIR})
set_tests_properties(unit.lab_examples PROPERTIES TIMEOUT 600 LABELS unit)
add_test(NAME completion COMMAND ${CMAKE_SOURCE_DIR}/tests/unit/check_completion.sh)
set_tests_properties(completion PROPERTIES TIMEOUT 600 LABELS unit
  ENVIRONMENT "PGSUP=$<TARGET_FILE:pgsup>")

add_test(NAME install COMMAND ${CMAKE_SOURCE_DIR}/tests/unit/check_install.sh ${CMAKE_BINARY_DIR})
set_tests_properties(install PROPERTIES TIMEOUT 600 LABELS unit)
add_test(NAME release COMMAND ${CMAKE_SOURCE_DIR}/tests/unit/check_release.sh ${CMAKE_SOURCE_DIR})
set_tests_properties(release PROPERTIES TIMEOUT 600 LABELS unit)

# YAML types against PyYAML, by which cloud-init reads.
add_executable(check_documents fake/check_documents.c)
target_link_libraries(check_documents PRIVATE cloudinit base)
pgsup_see_all_rooms(check_documents)
add_test(NAME unit.yaml_types
  COMMAND /usr/bin/python3 ${CMAKE_SOURCE_DIR}/tests/unit/check_yaml_types.py $<TARGET_FILE:check_documents>)
set_tests_properties(unit.yaml_types PROPERTIES TIMEOUT 600 LABELS unit)

if(NOT APPLE AND NOT PGSUP_SANITIZE) # most of it is Python
  foreach(suite trixie sid) # downloads it once: scripts/get-cloud-init
    add_test(NAME cloud-init-of-${suite}
      COMMAND ${CMAKE_SOURCE_DIR}/tests/unit/check_newer_cloud_init.sh ${suite} $<TARGET_FILE:judge_documents>
      WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}/tests)
    set_tests_properties(cloud-init-of-${suite} PROPERTIES TIMEOUT 600 LABELS unit SKIP_RETURN_CODE 77)
  endforeach()
endif()

# Documents of users' own against pgsup's, by cloud-init's own code.
add_executable(judge_documents fake/judge_documents.c)
target_link_libraries(judge_documents PRIVATE cloudinit base)
pgsup_see_all_rooms(judge_documents)
add_test(NAME unit.own_documents
  COMMAND /usr/bin/python3 ${CMAKE_SOURCE_DIR}/tests/unit/check_own_documents.py $<TARGET_FILE:judge_documents>
  WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}/tests)
set_tests_properties(unit.own_documents PROPERTIES TIMEOUT 600 LABELS unit)
