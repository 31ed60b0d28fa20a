/*
 * The control interface of a TPM's character device, as a C program sees it.
 *
 * Without an argument it prints number, size and offsets of every request, for comparison with what Go takes them for.
 * With a device it drives all of them, and exits with 0 if every answer is as it has to be.
 */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

typedef uint64_t caps_t;
struct result { uint32_t result; };
union init { struct { uint32_t flags; } in; struct result out; };
struct established { uint32_t result; uint8_t bit; };
union locality { struct { uint8_t locality; } in; struct result out; };
union hash { struct { uint32_t length; uint8_t data[4096]; } in; struct result out; };
union get_state {
	struct { uint32_t flags, type, offset; } in;
	struct { uint32_t result, flags, total, length; uint8_t data[3072]; } out;
};
union set_state { struct { uint32_t flags, type, length; uint8_t data[3072]; } in; struct result out; };
struct config { uint32_t result, flags; };
union buffer { struct { uint32_t size; } in; struct { uint32_t result, size, min, max; } out; };
union info {
	struct { uint64_t flags; uint32_t offset, pad; } in;
	struct { uint32_t result, total, length; char text[3072]; } out;
};
union lock { struct { uint32_t retries; } in; struct result out; };

#define GET_CAPABILITY  _IOR('P', 0, caps_t)
#define INIT            _IOWR('P', 1, union init)
#define SHUTDOWN        _IOR('P', 2, struct result)
#define GET_ESTABLISHED _IOR('P', 3, struct established)
#define SET_LOCALITY    _IOWR('P', 4, union locality)
#define HASH_START      _IOR('P', 5, struct result)
#define HASH_DATA       _IOWR('P', 6, union hash)
#define HASH_END        _IOR('P', 7, struct result)
#define CANCEL          _IOR('P', 8, struct result)
#define STORE_VOLATILE  _IOR('P', 9, struct result)
#define RESET_EST       _IOWR('P', 10, union locality)
#define GET_STATE       _IOWR('P', 11, union get_state)
#define SET_STATE       _IOWR('P', 12, union set_state)
#define STOP            _IOR('P', 13, struct result)
#define GET_CONFIG      _IOR('P', 14, struct config)
#define SET_DATAFD      _IOR('P', 15, struct result)
#define SET_BUFFERSIZE  _IOWR('P', 16, union buffer)
#define GET_INFO        _IOWR('P', 17, union info)
#define LOCK_STORAGE    _IOWR('P', 18, union lock)

static void print(const char *name, unsigned long number)
{
	printf("%s 0x%lx %lu\n", name, number, (unsigned long)_IOC_SIZE(number));
}

static void print_all(void)
{
	print("GET_CAPABILITY", GET_CAPABILITY);
	print("INIT", INIT);
	print("SHUTDOWN", SHUTDOWN);
	print("GET_TPMESTABLISHED", GET_ESTABLISHED);
	print("SET_LOCALITY", SET_LOCALITY);
	print("HASH_START", HASH_START);
	print("HASH_DATA", HASH_DATA);
	print("HASH_END", HASH_END);
	print("CANCEL_TPM_CMD", CANCEL);
	print("STORE_VOLATILE", STORE_VOLATILE);
	print("RESET_TPMESTABLISHED", RESET_EST);
	print("GET_STATEBLOB", GET_STATE);
	print("SET_STATEBLOB", SET_STATE);
	print("STOP", STOP);
	print("GET_CONFIG", GET_CONFIG);
	print("SET_DATAFD", SET_DATAFD);
	print("SET_BUFFERSIZE", SET_BUFFERSIZE);
	print("GET_INFO", GET_INFO);
	print("LOCK_STORAGE", LOCK_STORAGE);
}

static int device, line;

static void fail(const char *what, unsigned long got)
{
	printf("line %d: %s: 0x%lx (%s)\n", line, what, got, strerror(errno));
	exit(1);
}

static void check(int ok, const char *what, unsigned long got)
{
	if (!ok)
		fail(what, got);
}

static void request(unsigned long number, void *arg, uint32_t result)
{
	check(ioctl(device, number, arg) == 0, "ioctl", number);
	check(*(uint32_t *)arg == result, "result", *(uint32_t *)arg);
}

#define REQUEST(number, arg, result) (line = __LINE__, request(number, arg, result))
#define CHECK(ok, got) (line = __LINE__, check(ok, #ok, got))

static void command(const void *cmd, size_t n, uint32_t code)
{
	uint8_t rsp[4096];
	ssize_t got;

	check(write(device, cmd, n) == (ssize_t)n, "write", n);
	got = read(device, rsp, sizeof rsp);
	check(got >= 10, "read", got);
	got = (ssize_t)(rsp[6] << 24 | rsp[7] << 16 | rsp[8] << 8 | rsp[9]);
	check((uint32_t)got == code, "response code", got);
}

#define COMMAND(text, code) (line = __LINE__, command(text, sizeof text - 1, code))

#define STARTUP "\x80\x01\0\0\0\x0c\0\0\x01\x44\0\0"
#define GET_RANDOM "\x80\x01\0\0\0\x0c\0\0\x01\x7b\0\x10"

/* save fetches state in pieces and returns its size. */
static size_t save(uint32_t type, uint8_t *to, size_t room)
{
	union get_state s;
	size_t n = 0;

	do {
		memset(&s, 0, sizeof s);
		s.in.flags = 1;
		s.in.type = type;
		s.in.offset = n;
		REQUEST(GET_STATE, &s, 0);
		CHECK(s.out.length > 0 && s.out.length <= 3072 && n + s.out.length <= room, s.out.length);
		CHECK(s.out.flags == 0, s.out.flags);
		memcpy(to + n, s.out.data, s.out.length);
		n += s.out.length;
	} while (n < s.out.total);
	CHECK(n == s.out.total, n);
	return n;
}

/* load hands state over in pieces; the last is not full. */
static void load(uint32_t type, const uint8_t *from, size_t n)
{
	union set_state s;
	size_t piece;

	do {
		piece = n < 3072 ? n : 3072;
		memset(&s, 0, sizeof s);
		s.in.type = type;
		s.in.length = piece;
		memcpy(s.in.data, from, piece);
		REQUEST(SET_STATE, &s, 0);
		from += piece;
		n -= piece;
	} while (piece == 3072);
}

static uint8_t permanent[1 << 19], volatiles[1 << 19];

static void drive(void)
{
	struct result r = {1};
	union init init = {.in.flags = 1};
	union locality locality;
	struct established est;
	struct config config;
	static union hash hash;
	union buffer buffer = {.in.size = 0};
	static union get_state get;
	static union set_state set;
	static union info info;
	union lock lock = {.in.retries = 2};
	caps_t caps = 0;
	size_t np, nv;

	line = __LINE__;
	check(ioctl(device, GET_CAPABILITY, &caps) == 0 && caps == 0x16fff, "capabilities", caps);
	COMMAND(GET_RANDOM, 0x101);
	REQUEST(GET_ESTABLISHED, &est, 0xa);
	REQUEST(SET_BUFFERSIZE, &buffer, 0);
	CHECK(buffer.out.size == 4096 && buffer.out.min <= 4096 && buffer.out.max == 4096, buffer.out.size);
	REQUEST(INIT, &init, 0);
	buffer.in.size = 3000;
	REQUEST(SET_BUFFERSIZE, &buffer, 0xa);
	memset(&locality, 0, sizeof locality);
	locality.in.locality = 5;
	REQUEST(SET_LOCALITY, &locality, 0x3d);
	locality.out.result = 0;
	REQUEST(SET_LOCALITY, &locality, 0);

	REQUEST(GET_ESTABLISHED, &est, 0);
	CHECK(est.bit == 0, est.bit);
	REQUEST(HASH_START, &r, 0);
	hash.in.length = sizeof hash.in.data;
	REQUEST(HASH_DATA, &hash, 0);
	hash.in.length = 4097;
	REQUEST(HASH_DATA, &hash, 9);
	REQUEST(HASH_END, &r, 0);
	REQUEST(GET_ESTABLISHED, &est, 0);
	CHECK(est.bit == 1, est.bit);
	locality.out.result = 2;
	REQUEST(RESET_EST, &locality, 0x3d);
	locality.out.result = 0;
	locality.in.locality = 3;
	REQUEST(RESET_EST, &locality, 0);
	REQUEST(GET_ESTABLISHED, &est, 0);
	CHECK(est.bit == 0, est.bit);

	COMMAND(STARTUP, 0);
	COMMAND(GET_RANDOM, 0);
	REQUEST(CANCEL, &r, 0);
	REQUEST(GET_CONFIG, &config, 0);
	CHECK(config.flags == 0, config.flags);
	info.in.flags = 1;
	REQUEST(GET_INFO, &info, 0);
	CHECK(info.out.length == info.out.total && info.out.text[0] == '{' && info.out.text[info.out.length - 1] == 0, info.out.length);
	REQUEST(LOCK_STORAGE, &lock, 0);

	REQUEST(STORE_VOLATILE, &r, 0);
	np = save(1, permanent, sizeof permanent);
	nv = save(2, volatiles, sizeof volatiles);
	get.in.type = 3;
	REQUEST(GET_STATE, &get, 0x800);
	set.in.type = 1;
	set.in.length = 1;
	REQUEST(SET_STATE, &set, 0xa);
	REQUEST(STOP, &r, 0);
	COMMAND(GET_RANDOM, 0x101);
	load(1, permanent, np);
	load(2, volatiles, nv);
	init.in.flags = 1;
	REQUEST(INIT, &init, 0);
	COMMAND(GET_RANDOM, 0); /* it goes on where it was: no Startup */

	errno = 0;
	line = __LINE__;
	check(ioctl(device, SET_DATAFD, &r) == -1 && errno == EINVAL, "SET_DATAFD", 0);
	check(ioctl(device, _IOR('P', 19, uint32_t), &r) == -1 && errno == EINVAL, "unknown request", 0);
	check(ioctl(device, _IO('P', 13), &r) == -1 && errno == EINVAL, "request of another size", 0);
	printf("%lu bytes of permanent state, %lu of volatile\n", (unsigned long)np, (unsigned long)nv);
	REQUEST(SHUTDOWN, &r, 0);
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		print_all();
		return 0;
	}
	device = open(argv[1], O_RDWR);
	if (device < 0) {
		perror(argv[1]);
		return 1;
	}
	drive();
	return 0;
}
