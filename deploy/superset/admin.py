"""Makes the user admin, or gives it the password that stands in the folder of Superset's state. Run by start.sh."""

import os
from pathlib import Path

from superset.app import create_app

password = (Path(os.environ["MARQUEE_SUPERSET"]) / "admin_password").read_text().strip()
with create_app().app_context():
    from superset import security_manager

    held = security_manager.find_user(username="admin")
    if held is None:
        role = security_manager.find_role("Admin")
        security_manager.add_user("admin", "Marquee", "Admin", "admin@localhost", role, password=password)
    else:
        security_manager.reset_password(held.id, password)
