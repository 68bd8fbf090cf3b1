"""Addresses that are not of the public internet: an own table, for the interpreter's changes with its version.

Sources: IANA's IPv4 and IPv6 Special-Purpose Address Registries (RFC 6890 and its updates, as of 22 October 2024), IANA's
registry of IPv4 multicast, and RFC 4291 for IPv6, of which 2000::/3 alone is global unicast. Blocks that relay to other
networks (6to4, Teredo, AS112, AMT) are here too: nobody receives webhooks there.
"""

from __future__ import annotations

import ipaddress

V4 = tuple(
    map(
        ipaddress.IPv4Network,
        (
            "0.0.0.0/8",  # this network
            "10.0.0.0/8",  # private
            "100.64.0.0/10",  # shared by carriers and clouds
            "127.0.0.0/8",  # loopback
            "168.63.129.16/32",  # a cloud's own services (Azure); not IANA's
            "169.254.0.0/16",  # link-local: metadata of clouds
            "172.16.0.0/12",  # private
            "192.0.0.0/24",  # protocol assignments
            "192.0.2.0/24",  # documentation
            "192.31.196.0/24",  # AS112
            "192.52.193.0/24",  # AMT
            "192.88.99.0/24",  # 6to4 relays
            "192.168.0.0/16",  # private
            "192.175.48.0/24",  # AS112
            "198.18.0.0/15",  # benchmarking
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, and broadcast
        ),
    )
)
GLOBAL_V6 = ipaddress.IPv6Network("2000::/3")
V6 = tuple(
    map(
        ipaddress.IPv6Network,
        (
            "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarking
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4: an IPv4 address in disguise
            "2620:4f:8000::/48",  # AS112
            "3fff::/20",  # documentation
        ),
    )
)


def is_public(number: str) -> bool:
    """Whether an IP address is one of the public internet.

    An IPv4 address written as IPv6 (::ffff:…) is judged as what it is. Raises ValueError for what is no address.

    >>> [is_public(n) for n in ("93.184.216.34", "10.0.0.1", "169.254.169.254", "::ffff:127.0.0.1", "fe80::1%eth0")]
    [True, False, False, False, False]
    >>> [is_public(n) for n in ("2606:4700::1111", "::ffff:93.184.216.34", "64:ff9b::a00:1", "2002:7f00:1::", "::7f00:1")]
    [True, True, False, False, False]
    """
    address = ipaddress.ip_address(number.split("%", maxsplit=1)[0])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in block for block in V4)
    return address in GLOBAL_V6 and not any(address in block for block in V6)
