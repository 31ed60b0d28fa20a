// Package listen is where clients come from: addresses to listen at, listening
// sockets that were inherited, and the loop that takes one client after the
// other.
//
// It promises that a Unix socket is at no moment open to more than its mode
// says where the system allows that, and that no client and no shortage of
// descriptors ends the loop. Start at [Endpoint] and [Each].
package listen
