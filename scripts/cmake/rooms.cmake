# pgsup_room(NAME FOLDER dir SOURCES a.c b.c USES target…)
#
# One room of the house: a static library made of the files of one folder. A room sees its own headers
# and those of the rooms and libraries that it USES itself, and passes nothing on: what it uses is
# linked into programs, but is not in the include path of those who use it.
#
# Headers are included by their path below supervisor/ ("home/cloud/cloud.h"), those of the top-level
# rooms by theirs ("qmp/session.h"). The include path is a view: a folder in the build tree that holds
# links to the headers of that one room, and none of the rooms in folders below it.
function(pgsup_room name)
  cmake_parse_arguments(ROOM "" "FOLDER" "SOURCES;USES" ${ARGN})
  string(REGEX REPLACE "^supervisor/" "" path ${ROOM_FOLDER})
  pgsup_room_view(${name} ${path} ${CMAKE_SOURCE_DIR}/${ROOM_FOLDER})
  add_library(${name} STATIC ${ROOM_SOURCES})
  target_include_directories(${name} PUBLIC ${CMAKE_BINARY_DIR}/rooms/${name})
  target_link_libraries(${name} PRIVATE ${ROOM_USES})
  set_property(GLOBAL APPEND PROPERTY PGSUP_ROOMS ${name})
  set_property(GLOBAL PROPERTY PGSUP_ROOM_${name}_FOLDER ${ROOM_FOLDER})
  set_property(GLOBAL PROPERTY PGSUP_ROOM_${name}_USES ${ROOM_USES})
endfunction()

# Makes rooms/NAME/PATH anew: links to the headers of a folder, and nothing that was there before.
function(pgsup_room_view name path folder)
  file(REMOVE_RECURSE ${CMAKE_BINARY_DIR}/rooms/${name})
  file(MAKE_DIRECTORY ${CMAKE_BINARY_DIR}/rooms/${name}/${path})
  file(GLOB headers RELATIVE ${folder} CONFIGURE_DEPENDS ${folder}/*.h)
  foreach(header ${headers})
    file(CREATE_LINK ${folder}/${header} ${CMAKE_BINARY_DIR}/rooms/${name}/${path}/${header} SYMBOLIC)
  endforeach()
endfunction()

# Writes rooms.json into the build folder: each room, its folder, what it may use and the include path
# that its files are compiled with. scripts/check-includes and tests/unit/check_walls.py go by it.
function(pgsup_write_rooms)
  get_property(rooms GLOBAL PROPERTY PGSUP_ROOMS)
  set(rows)
  foreach(room ${rooms})
    get_property(folder GLOBAL PROPERTY PGSUP_ROOM_${room}_FOLDER)
    get_property(uses GLOBAL PROPERTY PGSUP_ROOM_${room}_USES)
    list(JOIN uses " " uses)
    list(APPEND rows "  \"${room}\": {\"folder\": \"${folder}\", \"uses\": \"${uses}\",\n   \"path\": [\"$<JOIN:$<TARGET_PROPERTY:${room},INCLUDE_DIRECTORIES>,\", \">\"]}")
  endforeach()
  list(JOIN rows ",\n" rows)
  file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/rooms.json CONTENT "{\n${rows}\n}\n")
endfunction()

# For a test: the headers of every room, and of the libraries that headers and tests name.
function(pgsup_see_all_rooms target)
  get_property(rooms GLOBAL PROPERTY PGSUP_ROOMS)
  list(TRANSFORM rooms PREPEND ${CMAKE_BINARY_DIR}/rooms/)
  target_include_directories(${target} PRIVATE ${rooms})
  target_link_libraries(${target} PRIVATE PkgConfig::JANSSON PkgConfig::UV PkgConfig::YAML PkgConfig::SQLITE
    PkgConfig::XCRYPT PkgConfig::ARCHIVE PkgConfig::EXPAT)
endfunction()
