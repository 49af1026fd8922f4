/** What Python finds in Locust's own image, whatever the scripts bring along. */

/** Python's standard library, of 3.9 to 3.15: a name in one of them is not for this program to judge. */
const standardLibrary = `
__future__ __main__ abc aifc annotationlib antigravity argparse array ast asynchat asyncio asyncore atexit audioop
base64 bdb binascii binhex bisect builtins bz2 cProfile calendar cgi cgitb chunk cmath cmd code codecs codeop
collections colorsys compileall compression concurrent configparser contextlib contextvars copy copyreg crypt csv ctypes
curses dataclasses datetime dbm decimal difflib dis distutils doctest email encodings ensurepip enum errno faulthandler
fcntl filecmp fileinput fnmatch formatter fractions ftplib functools gc genericpath getopt getpass gettext glob graphlib
grp gzip hashlib heapq hmac html http idlelib imaplib imghdr imp importlib inspect io ipaddress itertools json keyword
lib2to3 linecache locale logging lzma mailbox mailcap marshal math mimetypes mmap modulefinder msilib msvcrt
multiprocessing netrc nis nntplib nt ntpath nturl2path numbers opcode operator optparse os ossaudiodev parser pathlib
pdb pickle pickletools pipes pkgutil platform plistlib poplib posix posixpath pprint profile profiling pstats pty pwd
py_compile pyclbr pydoc pydoc_data pyexpat queue quopri random re readline reprlib resource rlcompleter runpy sched
secrets select selectors shelve shlex shutil signal site smtpd smtplib sndhdr socket socketserver spwd sqlite3
sre_compile sre_constants sre_parse ssl stat statistics string stringprep struct subprocess sunau symbol symtable sys
sysconfig syslog tabnanny tarfile telnetlib tempfile termios textwrap this threading time timeit tkinter token tokenize
tomllib trace traceback tracemalloc tty turtle turtledemo types typing unicodedata unittest urllib uu uuid venv warnings
wave weakref webbrowser winreg winsound wsgiref xdrlib xml xmlrpc zipapp zipfile zipimport zlib zoneinfo`;

/** Locust and all that comes with it: what `locust/constraints.txt` pins, by the names that are imported. */
const withLocust = `
bidict blinker brotli certifi charset_normalizer click configargparse engineio flask flask_cors flask_login gevent
geventhttpclient greenlet h11 idna iniconfig itsdangerous jinja2 locust markupsafe msgpack packaging pip pkg_resources
pluggy psutil py pygments pytest pytest_locust requests setuptools simple_websocket socketio typing_extensions urllib3
websocket werkzeug wsproto zmq zope`;

/** What the plugin gives to scripts. */
const ofPlugin = "loadtest_data";

const modules = new Set(`${standardLibrary} ${withLocust} ${ofPlugin}`.split(/\s+/));

/** Modules of Locust for which it does not bring the package that they import. */
const withoutPackage: Readonly<Record<string, string>> = {
  "locust.contrib.dns": "dns",
  "locust.contrib.milvus": "pymilvus",
  "locust.contrib.mongodb": "pymongo",
  "locust.contrib.mqtt": "paho",
  "locust.contrib.oai": "openai",
  "locust.contrib.postgres": "psycopg",
  "locust.contrib.qdrant": "qdrant_client",
};

/** The package that is missing in Locust's own image for a module to be imported; undefined where none is. */
export function missingPackage(module: string): string | undefined {
  const [top = ""] = module.split(".");
  if (module in withoutPackage) return withoutPackage[module];
  // Those with an underscore are inner parts of others.
  return modules.has(top) || top.startsWith("_") ? undefined : top;
}
