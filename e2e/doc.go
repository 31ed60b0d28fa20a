// Package e2e holds the end-to-end suites: the programs of this module as their users meet them, behind QEMU, under
// tpm2-tools, beside the implementation they replace, and under kill -9. They are ordinary tests that run only with
// GOVTPM_E2E=1, because they need other programs and minutes:
//
//	GOVTPM_E2E=1 go test -v ./e2e
//
// A program that is missing is a reason to skip; where CI=true is set as well, it is a failure. More variables:
//
//	GOVTPM_SWTPM=/usr/bin/swtpm     the program under test, instead of ./cmd/swtpm built from this tree
//	GOVTPM_GUEST_KERNEL=DIR         a kernel unpacked by script/guest-kernel, for the suites with virtual machines
//	GOVTPM_E2E_ACCEL=kvm            QEMU's accelerator, instead of tcg
//	GOVTPM_E2E_LONG=1               the long form of the suites that have one
//	GOVTPM_E2E_SEED=N               the random choices of an earlier run
//
// Start at env_test.go.
package e2e
