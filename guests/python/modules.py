"""The modules that code of the ini file can import: pure work on data. What is not imported here, or by what is, is not there."""

import base64
import binascii
import bisect
import calendar
import collections
import colorsys
import contextlib
import copy
import csv
import dataclasses
import datetime
import decimal
import difflib
import enum
import fnmatch
import fractions
import functools
import hashlib
import heapq
import hmac
import html
import io
import ipaddress
import itertools
import json
import keyword
import logging
import math
import numbers
import operator
import os
import pprint
import quopri
import random
import re
import shlex
import statistics
import string
import struct
import sys
import textwrap
import time
import traceback
import types
import typing
import unicodedata
import urllib.parse
import uuid
import zlib

# What others import only when they are used.
import _strptime
import email.utils
import html.parser
import importlib
import pkgutil

import encodings

for _module in pkgutil.iter_modules(encodings.__path__):
    try:
        importlib.import_module(f"encodings.{_module.name}")
    except ImportError:
        # Of another platform, or made in a way that is not there.
        pass
