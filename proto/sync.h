#ifndef PROTO_SYNC_H
#define PROTO_SYNC_H

#include "proto/hello.h"

struct sync_session;

#endif
