/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The header's name from before it had a directory of its own. */

#ifndef GSS_SWITCH_GSSAPI_H
#define GSS_SWITCH_GSSAPI_H

#include <gssapi/gssapi.h>

#endif
