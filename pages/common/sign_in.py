"""Accounts of an OpenID provider, where `secrets.toml` of the server names one: nobody sees a page without.

Streamlit does the exchange with the provider (`st.login`); this is the door in front of the pages.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from streamlit.auth_util import is_authlib_installed
from streamlit.errors import StreamlitSecretNotFoundError

from pages.common.layout import show_title


def ask_to_sign_in() -> None:
    """Let those pass who have signed in, or all where no provider is named; the run of others stops."""
    try:
        is_asked = (
            any(Path(file).exists() for file in st.get_option("secrets.files")) and "auth" in st.secrets
        )
    except StreamlitSecretNotFoundError:  # who cannot be asked for an account must not be let in without one
        st.error("The server's secrets.toml cannot be read; whoever runs the server must mend it.")
        st.stop()
    if not is_asked or st.user.is_logged_in:
        return
    show_title("ELMo Explorer", "This server asks for an account.")
    if is_authlib_installed():
        st.button("Sign in", icon=":material/login:", type="primary", on_click=st.login)
    else:
        st.error("Signing in needs the package Authlib; whoever runs the server must install it.")
    st.stop()
