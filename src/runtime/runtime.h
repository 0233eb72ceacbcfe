/* runtime.h -- the core modules that fused code needs at run time, assembled from the .wat beside this file.
 *
 * Each is an ordinary core module, merged in like any other; what its imports and exports mean is said at the top of
 * its .wat. The bytes are constant, and keep the names of functions, so that a backtrace says which trap it was.
 */
#ifndef MELD_RUNTIME_RUNTIME_H
#define MELD_RUNTIME_RUNTIME_H

#include "base/context.h"
#include "component/types.h"

/* handles.wat: handle tables and scopes of calls. */
struct bytes runtime_handles(void);

/* exchange.wat: the allocator of the memory shared with the host. */
struct bytes runtime_exchange(void);

/* transcode.wat.in: strings from one memory to another, by the address types of both. */
struct bytes runtime_transcode(enum pointer_size source, enum pointer_size destination, bool simd);

#endif
